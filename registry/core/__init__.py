"""The pure core: bytes in, decisions out. No clock, disk, network, environment or randomness."""
