"""Bundles: folders with everything that an audit needs, so that it needs nobody.

Writes and reads files. What they prove, `registry.chain.recorded` and `registry.services.audit`
say.
"""

from registry.bundles.reading import Bundle, open_bundle
from registry.bundles.writing import BundleWriter, written_bundle

__all__ = ["Bundle", "BundleWriter", "open_bundle", "written_bundle"]
