"""Asking issuers who they are: did:web documents over HTTPS, and DNS.

What it asks for comes out of credentials, which anybody may have written: it goes to public
addresses only, and never further than it was told.
"""

from registry.identity.directory import OnlineDirectory

__all__ = ["OnlineDirectory"]
