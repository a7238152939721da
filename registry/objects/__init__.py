"""Files in a folder or on object storage, as `services.ports.StaticShelf` wants them."""

from registry.objects.folder import Folder
from registry.objects.storage import ObjectStorage

__all__ = ["Folder", "ObjectStorage"]
