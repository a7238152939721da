"""The cases of verification that every engine shares: scripts/make_cases.py writes them down."""
