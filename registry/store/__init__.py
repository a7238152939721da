"""SQL store: SQLAlchemy Core on SQLite and PostgreSQL."""

from registry.store.opening import SqlStore, open_store

__all__ = ["SqlStore", "open_store"]
