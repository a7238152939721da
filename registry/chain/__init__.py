"""Chain adapter: web3.py behind the `Chain` and `Signer` protocols."""
