"""What the monitor needs of the world beside chain and store: a file for its place, a webhook."""

from registry.alerting.position_file import PositionFile
from registry.alerting.webhook import Webhook, read_secret

__all__ = ["PositionFile", "Webhook", "read_secret"]
