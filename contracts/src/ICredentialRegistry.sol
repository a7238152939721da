// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// @dev Role bits of an operator. The owner of an issuer holds both, always.
uint8 constant ROLE_ANCHOR = 1;
uint8 constant ROLE_STATUS = 2;

/// @title Registry of credential batches, one 32-byte seal each.
/// @notice An issuer is an address, for ever. Its records are its own: nobody else can add to
/// them, and nobody at all can remove from them. The registry has no owner, no fee and no upgrade.
/// @dev A seal is SHA-256(Merkle root || tree size as uint256), see docs/formats.md. Times are
/// block timestamps in seconds since 1970.
interface ICredentialRegistry {
    /// @notice Status of one credential, or of every credential under a seal.
    enum Status {
        Active,
        Suspended,
        Revoked
    }

    /// @notice Answer of `verify`. The default value is not `Valid`, so that a forgotten
    /// assignment in a calling contract cannot let anyone through.
    enum Verdict {
        NotAnchored,
        NotIncluded,
        Revoked,
        Suspended,
        Valid
    }

    /// @notice What is recorded of one seal under one issuer. All zero if never anchored.
    /// @param anchoredAt Time of the anchoring block.
    /// @param sequence Place among the issuer's anchors: 1, 2, 3, … without gaps.
    /// @param status Status of the whole seal.
    struct Anchor {
        uint64 anchoredAt;
        uint64 sequence;
        Status status;
    }

    /// @notice `caller` is not the owner of `issuer`.
    error CredentialRegistryNotOwner(address issuer, address caller);
    /// @notice `issuer` was not offered to `caller`.
    error CredentialRegistryNotPendingOwner(address issuer, address caller);
    /// @notice `actor` may not act for `issuer` in `role`: never appointed, cut off, or expired.
    error CredentialRegistryUnauthorized(address issuer, address actor, uint8 role);
    /// @notice The zero address cannot be an operator.
    error CredentialRegistryInvalidOperator(address operator);
    /// @notice `roles` has bits other than ROLE_ANCHOR and ROLE_STATUS.
    error CredentialRegistryInvalidRoles(uint8 roles);
    /// @notice The appointment would be over before it began.
    error CredentialRegistryInvalidExpiry(uint64 validUntil);
    /// @notice A zero seal commits to nothing.
    error CredentialRegistryEmptySeal();
    /// @notice The issuer anchored this seal before, at time `anchoredAt`.
    error CredentialRegistryAlreadyAnchored(address issuer, bytes32 seal, uint64 anchoredAt);
    /// @notice The issuer never anchored this seal.
    error CredentialRegistryNotAnchored(address issuer, bytes32 seal);
    /// @notice The signed permission ended at time `deadline`.
    error CredentialRegistrySignatureExpired(uint256 deadline);
    /// @notice The signature is not `signer`'s over this anchor.
    error CredentialRegistryInvalidSignature(address signer);
    /// @notice No index was given.
    error CredentialRegistryEmptyIndexes();
    /// @notice Indexes must ascend strictly; the one at `position` does not.
    error CredentialRegistryIndexesNotAscending(uint256 position);
    /// @notice The credential at `index` is revoked, and revoked is final.
    error CredentialRegistryCredentialRevoked(address issuer, bytes32 seal, uint64 index);
    /// @notice The whole seal is revoked, and revoked is final.
    error CredentialRegistrySealRevoked(address issuer, bytes32 seal);
    /// @notice Raw calldata must be one seal of 32 bytes, not `length` bytes.
    error CredentialRegistryInvalidCalldata(uint256 length);

    /// @notice `seal` was anchored as the `sequence`-th of `issuer`.
    event SealAnchored(address indexed issuer, bytes32 indexed seal, uint64 indexed sequence);
    /// @notice The credentials at `indexes` under `seal` took `status`, or had it already.
    /// @param reason CRLReason code of RFC 5280 §5.3.1; 0 is unspecified.
    event CredentialStatusChanged(
        address indexed issuer, bytes32 indexed seal, Status status, uint8 reason, uint64[] indexes
    );
    /// @notice The whole seal took `status`.
    /// @param reason CRLReason code of RFC 5280 §5.3.1; 0 is unspecified.
    event SealStatusChanged(address indexed issuer, bytes32 indexed seal, Status status, uint8 reason);
    /// @notice `operator` may act for `issuer` in `roles` up to and including time `validUntil`.
    event OperatorSet(address indexed issuer, address indexed operator, uint8 roles, uint64 validUntil);
    /// @notice `owner` offered `issuer` to `pendingOwner`; the zero address withdraws an offer.
    event IssuerTransferStarted(address indexed issuer, address indexed owner, address indexed pendingOwner);
    /// @notice `issuer` moved from `previousOwner` to `newOwner`.
    event IssuerTransferred(address indexed issuer, address indexed previousOwner, address indexed newOwner);
    /// @notice The DID document or profile of `issuer` lives at `uri`.
    event ProfileSet(address indexed issuer, string uri);

    /// @notice Anchor `seal` under `issuer`, once and for all. For the owner and its ANCHOR operators.
    function anchor(address issuer, bytes32 seal) external;

    /// @notice Anchor `seal` under `issuer` by a signature, so that the sender pays and the signer need not.
    /// @dev EIP-712 `Anchor(address issuer,bytes32 seal,uint256 deadline)`; no nonce, because a seal
    /// is anchored at most once. `signer` is an owner or ANCHOR operator, an account or an ERC-1271 wallet.
    /// @param deadline Last time at which the signature counts.
    function anchorWithSignature(
        address issuer,
        bytes32 seal,
        uint256 deadline,
        address signer,
        bytes calldata signature
    ) external;

    /// @notice Give the credentials at `indexes` (leaf indexes, strictly ascending) `status`.
    /// For the owner and its STATUS operators. Revoked is final.
    /// @dev A credential that already has `status` keeps it, and the event names it again. Indexes
    /// beyond the tree are meaningless and harmless: the contract does not know tree sizes. Nor need
    /// the seal be anchored yet: should a reorganisation put a revocation before its anchor, it
    /// still holds. Callers that cannot be sure of their seal ask `anchorOf` first.
    /// @param reason CRLReason code of RFC 5280 §5.3.1, recorded in the event only.
    function setCredentialStatus(address issuer, bytes32 seal, uint64[] calldata indexes, Status status, uint8 reason)
        external;

    /// @notice Give the whole seal `status`. For the owner and its STATUS operators. Revoked is final.
    /// @dev The seal must be anchored. Credentials keep their own statuses beneath it.
    /// @param reason CRLReason code of RFC 5280 §5.3.1, recorded in the event only.
    function setSealStatus(address issuer, bytes32 seal, Status status, uint8 reason) external;

    /// @notice Appoint `operator` for `issuer`, change its roles, or cut it off (`roles` 0). For the owner.
    /// @param validUntil Last time at which the operator may act; type(uint64).max for no end.
    function setOperator(address issuer, address operator, uint8 roles, uint64 validUntil) external;

    /// @notice Offer `issuer` to `newOwner`, which must accept; the zero address withdraws. For the owner.
    function transferIssuer(address issuer, address newOwner) external;

    /// @notice Take over `issuer`, which was offered to the caller. Operators stay appointed.
    function acceptIssuer(address issuer) external;

    /// @notice Publish where the DID document or profile of `issuer` lives. For the owner.
    function setProfile(address issuer, string calldata uri) external;

    /// @notice What is recorded of `seal` under `issuer`; all zero if it was never anchored.
    function anchorOf(address issuer, bytes32 seal) external view returns (Anchor memory);

    /// @notice Owner of `issuer`, owner it was offered to (or zero), and number of its anchors.
    function issuerOf(address issuer) external view returns (address owner, address pendingOwner, uint64 anchorCount);

    /// @notice Roles of `operator` for `issuer` and their last time; the roles may be over.
    function operatorOf(address issuer, address operator) external view returns (uint8 roles, uint64 validUntil);

    /// @notice Status that holds for one credential: the worse of its own and the seal's.
    /// @dev Reverts if the seal was never anchored: "no status" must not read as active.
    function credentialStatusOf(address issuer, bytes32 seal, uint64 leafIndex) external view returns (Status);

    /// @notice Own statuses of 128 credentials, two bits each, that of index 128 * `word` lowest.
    /// @dev The seal's status is not mixed in. For auditors and status lists.
    function statusWordOf(address issuer, bytes32 seal, uint64 word) external view returns (uint256);

    /// @notice Check one credential against the chain in one call. Bad evidence gets a verdict, not a revert.
    /// @dev The first that applies: NotAnchored, NotIncluded, then the status as of `credentialStatusOf`.
    /// @param credentialHash SHA-256 of the credential's canonical bytes.
    /// @param salt The 32 bytes that stand beside it in the leaf.
    /// @param leafIndex Place of the leaf; with `treeSize` it fixes length and directions of the path.
    /// @param siblings Inclusion proof, from the leaf's sibling up.
    function verify(
        address issuer,
        bytes32 seal,
        bytes32 credentialHash,
        bytes32 salt,
        uint64 leafIndex,
        uint64 treeSize,
        bytes32[] calldata siblings
    ) external view returns (Verdict);
}
