"""HTTP API: reads requests, calls one service each, and writes answers. Decides nothing itself."""

from api.app import create_app

__all__ = ["create_app"]
