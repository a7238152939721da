"""What the services need of the world, as Protocols, with the values that cross them.

Adapters implement them: `registry.store` the stores, `registry.chain` the chain and the signer,
`registry.identity` the issuers' directory.
Every method may raise `UnavailableError`; what else it raises, its docstring says.
"""

from registry.core.fees import Fees, Market
from registry.services.ports.anchoring import (
    AnchoringStore,
    Attempt,
    Lease,
    OnChain,
    Purpose,
)
from registry.services.ports.api_keys import (
    ApiKey,
    ApiKeyStore,
    Scope,
)
from registry.services.ports.chain import (
    Anchor,
    AnchorRecord,
    Authorization,
    Block,
    Call,
    Chain,
    ChainState,
    CredentialStatus,
    IssuerAnchor,
    IssuerRecord,
    MinedTransaction,
    OperatorRecord,
    Role,
    SignedTransaction,
    Signer,
    StatusChange,
    UnsignedTransaction,
)
from registry.services.ports.credentials import (
    Added,
    Batch,
    CredentialStore,
    IntakeStore,
    IssuerTotals,
    NewCredential,
    StoredCredential,
)
from registry.services.ports.identity import (
    IssuerDirectory,
    KeyDirectory,
)
from registry.services.ports.publications import (
    MAX_PUBLISHED_BYTES,
    Publication,
    PublicationStore,
)
from registry.services.ports.status_entries import (
    StatusEntry,
    StatusEntryStore,
)
from registry.services.ports.store import (
    Store,
)
from registry.services.ports.wallets import (
    Holder,
    Scopes,
    WalletBadge,
    WalletClient,
    WalletCode,
    WalletGrant,
    WalletOffer,
    WalletScope,
    WalletStore,
    WalletToken,
)

__all__ = [
    "MAX_PUBLISHED_BYTES",
    "Added",
    "Anchor",
    "AnchorRecord",
    "AnchoringStore",
    "ApiKey",
    "ApiKeyStore",
    "Attempt",
    "Authorization",
    "Batch",
    "Block",
    "Call",
    "Chain",
    "ChainState",
    "CredentialStatus",
    "CredentialStore",
    "Fees",
    "Holder",
    "IntakeStore",
    "IssuerAnchor",
    "IssuerDirectory",
    "IssuerRecord",
    "IssuerTotals",
    "KeyDirectory",
    "Lease",
    "Market",
    "MinedTransaction",
    "NewCredential",
    "OnChain",
    "OperatorRecord",
    "Publication",
    "PublicationStore",
    "Purpose",
    "Role",
    "Scope",
    "Scopes",
    "SignedTransaction",
    "Signer",
    "StatusChange",
    "StatusEntry",
    "StatusEntryStore",
    "Store",
    "StoredCredential",
    "UnsignedTransaction",
    "WalletBadge",
    "WalletClient",
    "WalletCode",
    "WalletGrant",
    "WalletOffer",
    "WalletScope",
    "WalletStore",
    "WalletToken",
]
