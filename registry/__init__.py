"""Rootseal: batches of credential hashes, one seal a night on an EVM chain, proofs for decades."""
