"""Pages that the server makes, of what store and chain say. They need no script."""
