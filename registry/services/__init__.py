"""Services: the order in which stores, chains and the core are asked."""
