from tests.anvil import anvil, anvil_process, chain, signer
from tests.services.conftest import office

__all__ = ["anvil", "anvil_process", "chain", "office", "signer"]
