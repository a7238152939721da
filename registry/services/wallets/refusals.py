"""What a wallet is refused with: the codes of OAuth 2.0 (RFC 6749 §5.2, RFC 7591 §3.2.2)."""

from registry.errors import InvalidInputError


class WalletRefusedError(InvalidInputError):
    """A wallet's request cannot be granted. `code` is OAuth's word for it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class UnknownWalletError(WalletRefusedError):
    """The client is none of ours, or its secret is wrong."""

    def __init__(self) -> None:
        super().__init__("invalid_client", "no such client, or not its secret")


class WrongOfferError(InvalidInputError):
    """The code that a holder entered is none, was used, or is over."""

    code = "wrong-offer"

    def __init__(self) -> None:
        super().__init__("no such code, or it was used, or it is over")


class TokenRefusedError(InvalidInputError):
    """The access token is none, or is over."""

    code = "invalid-token"

    def __init__(self) -> None:
        super().__init__("this needs an access token that is good now")


class ScopeRefusedError(InvalidInputError):
    """The access token is good, but not for this."""

    code = "insufficient-scope"

    def __init__(self, scope: str) -> None:
        super().__init__(f"the access token lacks the scope {scope}")
        self.scope = scope
