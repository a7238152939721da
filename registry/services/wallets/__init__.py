"""Wallets: what holders are offered, wallets that register, and what holders let them fetch."""
