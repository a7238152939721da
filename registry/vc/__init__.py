"""The W3C's formats around credentials: proofs, DIDs, status lists. Pure, as the core is."""
