"""Migrations of the store's tables; run by `registry.store.opening`."""
