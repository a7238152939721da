from tests.anvil import anvil, anvil_process, chain, signer

__all__ = ["anvil", "anvil_process", "chain", "signer"]
