// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";

import {ICredentialRegistry, ROLE_ANCHOR, ROLE_STATUS} from "./ICredentialRegistry.sol";
import {SealedTree} from "./SealedTree.sol";
import {StatusWords} from "./StatusWords.sol";

/// @title The registry of credential batches. See `ICredentialRegistry` for what it promises.
/// @dev Raw calldata of exactly 32 bytes anchors it as a seal of the sender, see `fallback`.
contract CredentialRegistry is ICredentialRegistry, EIP712 {
    /// @dev May act for an issuer in `roles` while block.timestamp <= validUntil.
    struct Appointment {
        uint8 roles;
        uint64 validUntil;
    }

    /// @dev The anchor fills one slot. For the words see `StatusWords`.
    struct SealRecord {
        Anchor anchor;
        mapping(uint256 word => uint256) statusWords;
    }

    /// @dev Owner and anchor count share a slot, the only one that anchoring rewrites. `owner` zero
    /// means the issuer itself, so that an issuer needs no registration.
    struct IssuerRecord {
        address owner;
        uint64 anchorCount;
        address pendingOwner;
        mapping(address operator => Appointment) appointments;
        mapping(bytes32 seal => SealRecord) seals;
    }

    bytes32 private constant _ANCHOR_TYPEHASH = keccak256("Anchor(address issuer,bytes32 seal,uint256 deadline)");

    mapping(address issuer => IssuerRecord) private _issuers;

    modifier onlyOwner(address issuer) {
        if (msg.sender != _ownerOf(_issuers[issuer], issuer)) revert CredentialRegistryNotOwner(issuer, msg.sender);
        _;
    }

    constructor() EIP712("CredentialRegistry", "1") {}

    /// @notice Anchor the 32 bytes of calldata as a seal of the sender, so that the transaction's
    /// input is the seal itself.
    /// @dev Not payable. A seal whose first four bytes happen to be a function selector (one in
    /// 2^28) reaches that function instead, which reverts; `anchor` takes it.
    fallback() external {
        if (msg.data.length != 32) revert CredentialRegistryInvalidCalldata(msg.data.length);
        _anchor(msg.sender, bytes32(msg.data), msg.sender);
    }

    /// @inheritdoc ICredentialRegistry
    function anchor(address issuer, bytes32 seal) external {
        _anchor(issuer, seal, msg.sender);
    }

    /// @inheritdoc ICredentialRegistry
    function anchorWithSignature(
        address issuer,
        bytes32 seal,
        uint256 deadline,
        address signer,
        bytes calldata signature
    ) external {
        if (block.timestamp > deadline) revert CredentialRegistrySignatureExpired(deadline);
        bytes32 digest = _hashTypedDataV4(keccak256(abi.encode(_ANCHOR_TYPEHASH, issuer, seal, deadline)));
        // A contract wallet is asked by staticcall, so it cannot change anything meanwhile.
        if (!SignatureChecker.isValidSignatureNowCalldata(signer, digest, signature)) {
            revert CredentialRegistryInvalidSignature(signer);
        }
        _anchor(issuer, seal, signer);
    }

    /// @inheritdoc ICredentialRegistry
    function setCredentialStatus(address issuer, bytes32 seal, uint64[] calldata indexes, Status status, uint8 reason)
        external
    {
        if (indexes.length == 0) revert CredentialRegistryEmptyIndexes();
        IssuerRecord storage record = _issuers[issuer];
        _requireRole(record, issuer, msg.sender, ROLE_STATUS);
        _writeStatuses(issuer, seal, record.seals[seal].statusWords, indexes, status);
        emit CredentialStatusChanged(issuer, seal, status, reason, indexes);
    }

    /// @inheritdoc ICredentialRegistry
    function setSealStatus(address issuer, bytes32 seal, Status status, uint8 reason) external {
        IssuerRecord storage record = _issuers[issuer];
        _requireRole(record, issuer, msg.sender, ROLE_STATUS);
        Anchor storage entry = record.seals[seal].anchor;
        if (entry.anchoredAt == 0) revert CredentialRegistryNotAnchored(issuer, seal);
        if (entry.status == Status.Revoked && status != Status.Revoked) {
            revert CredentialRegistrySealRevoked(issuer, seal);
        }
        entry.status = status;
        emit SealStatusChanged(issuer, seal, status, reason);
    }

    /// @inheritdoc ICredentialRegistry
    function setOperator(address issuer, address operator, uint8 roles, uint64 validUntil) external onlyOwner(issuer) {
        if (operator == address(0)) revert CredentialRegistryInvalidOperator(operator);
        if (roles & ~(ROLE_ANCHOR | ROLE_STATUS) != 0) revert CredentialRegistryInvalidRoles(roles);
        // Cutting off needs no time: it holds at once.
        if (roles != 0 && validUntil < block.timestamp) revert CredentialRegistryInvalidExpiry(validUntil);
        _issuers[issuer].appointments[operator] = Appointment({roles: roles, validUntil: validUntil});
        emit OperatorSet(issuer, operator, roles, validUntil);
    }

    /// @inheritdoc ICredentialRegistry
    function transferIssuer(address issuer, address newOwner) external onlyOwner(issuer) {
        _issuers[issuer].pendingOwner = newOwner;
        emit IssuerTransferStarted(issuer, msg.sender, newOwner);
    }

    /// @inheritdoc ICredentialRegistry
    function acceptIssuer(address issuer) external {
        IssuerRecord storage record = _issuers[issuer];
        if (msg.sender != record.pendingOwner) revert CredentialRegistryNotPendingOwner(issuer, msg.sender);
        address previousOwner = _ownerOf(record, issuer);
        record.owner = msg.sender;
        record.pendingOwner = address(0);
        emit IssuerTransferred(issuer, previousOwner, msg.sender);
    }

    /// @inheritdoc ICredentialRegistry
    function setProfile(address issuer, string calldata uri) external onlyOwner(issuer) {
        emit ProfileSet(issuer, uri);
    }

    /// @inheritdoc ICredentialRegistry
    function anchorOf(address issuer, bytes32 seal) external view returns (Anchor memory) {
        return _issuers[issuer].seals[seal].anchor;
    }

    /// @inheritdoc ICredentialRegistry
    function issuerOf(address issuer) external view returns (address owner, address pendingOwner, uint64 anchorCount) {
        IssuerRecord storage record = _issuers[issuer];
        return (_ownerOf(record, issuer), record.pendingOwner, record.anchorCount);
    }

    /// @inheritdoc ICredentialRegistry
    function operatorOf(address issuer, address operator) external view returns (uint8 roles, uint64 validUntil) {
        Appointment storage appointment = _issuers[issuer].appointments[operator];
        return (appointment.roles, appointment.validUntil);
    }

    /// @inheritdoc ICredentialRegistry
    function credentialStatusOf(address issuer, bytes32 seal, uint64 leafIndex) external view returns (Status) {
        SealRecord storage record = _issuers[issuer].seals[seal];
        if (record.anchor.anchoredAt == 0) revert CredentialRegistryNotAnchored(issuer, seal);
        return _effectiveStatus(record, leafIndex);
    }

    /// @inheritdoc ICredentialRegistry
    function statusWordOf(address issuer, bytes32 seal, uint64 word) external view returns (uint256) {
        return _issuers[issuer].seals[seal].statusWords[word];
    }

    /// @inheritdoc ICredentialRegistry
    function verify(
        address issuer,
        bytes32 seal,
        bytes32 credentialHash,
        bytes32 salt,
        uint64 leafIndex,
        uint64 treeSize,
        bytes32[] calldata siblings
    ) external view returns (Verdict) {
        SealRecord storage record = _issuers[issuer].seals[seal];
        if (record.anchor.anchoredAt == 0) return Verdict.NotAnchored;

        (bool wellFormed, bytes32 reached) =
            SealedTree.sealFromProof(credentialHash, salt, leafIndex, treeSize, siblings);
        if (!wellFormed || reached != seal) return Verdict.NotIncluded;

        Status status = _effectiveStatus(record, leafIndex);
        if (status == Status.Revoked) return Verdict.Revoked;
        if (status == Status.Suspended) return Verdict.Suspended;
        return Verdict.Valid;
    }

    /// @inheritdoc EIP712
    /// @dev The one function without arguments, and so the only one that would swallow a raw seal
    /// beginning with its selector. It takes its own four bytes and nothing else.
    function eip712Domain()
        public
        view
        override
        returns (
            bytes1 fields,
            string memory name,
            string memory version,
            uint256 chainId,
            address verifyingContract,
            bytes32 salt,
            uint256[] memory extensions
        )
    {
        if (msg.data.length != 4) {
            revert CredentialRegistryInvalidCalldata(msg.data.length);
        }
        return super.eip712Domain();
    }

    /// @dev Anchors for `actor`, which the caller has authenticated.
    function _anchor(address issuer, bytes32 seal, address actor) private {
        if (seal == 0) revert CredentialRegistryEmptySeal();
        IssuerRecord storage record = _issuers[issuer];
        _requireRole(record, issuer, actor, ROLE_ANCHOR);
        Anchor storage entry = record.seals[seal].anchor;
        uint64 anchoredAt = entry.anchoredAt;
        if (anchoredAt != 0) revert CredentialRegistryAlreadyAnchored(issuer, seal, anchoredAt);

        uint64 sequence = record.anchorCount + 1;
        record.anchorCount = sequence;
        // Safe cast: 2^64 seconds outlast the chain.
        entry.anchoredAt = uint64(block.timestamp);
        entry.sequence = sequence;
        emit SealAnchored(issuer, seal, sequence);
    }

    /// @dev Writes each status word once, however many of its credentials change.
    function _writeStatuses(
        address issuer,
        bytes32 seal,
        mapping(uint256 word => uint256) storage words,
        uint64[] calldata indexes,
        Status status
    ) private {
        uint256 previous = indexes[0];
        uint256 word = StatusWords.wordOf(previous);
        uint256 lanes = StatusWords.laneOf(previous);
        for (uint256 position = 1; position < indexes.length; ++position) {
            uint256 index = indexes[position];
            if (index <= previous) revert CredentialRegistryIndexesNotAscending(position);
            previous = index;
            if (StatusWords.wordOf(index) != word) {
                _writeWord(issuer, seal, words, word, lanes, status);
                word = StatusWords.wordOf(index);
                lanes = 0;
            }
            lanes |= StatusWords.laneOf(index);
        }
        _writeWord(issuer, seal, words, word, lanes, status);
    }

    function _writeWord(
        address issuer,
        bytes32 seal,
        mapping(uint256 word => uint256) storage words,
        uint256 word,
        uint256 lanes,
        Status status
    ) private {
        uint256 statuses = words[word];
        uint256 revoked = StatusWords.revokedAmong(statuses, lanes);
        if (revoked != 0 && status != Status.Revoked) {
            // Safe cast: the index was given as a uint64.
            revert CredentialRegistryCredentialRevoked(issuer, seal, uint64(StatusWords.firstIndex(word, revoked)));
        }
        words[word] = StatusWords.withStatus(statuses, lanes, status);
    }

    /// @dev `actor` must be authenticated: the sender, or the signer of a checked signature.
    function _requireRole(IssuerRecord storage record, address issuer, address actor, uint8 role) private view {
        address owner = record.owner; // as _ownerOf has it, which would cost a jump here
        if (actor == (owner == address(0) ? issuer : owner)) return;
        Appointment storage appointment = record.appointments[actor];
        if (appointment.roles & role == 0 || block.timestamp > appointment.validUntil) {
            revert CredentialRegistryUnauthorized(issuer, actor, role);
        }
    }

    function _ownerOf(IssuerRecord storage record, address issuer) private view returns (address) {
        address owner = record.owner;
        return owner == address(0) ? issuer : owner;
    }

    /// @dev The worse of the credential's own status and the seal's.
    function _effectiveStatus(SealRecord storage record, uint64 leafIndex) private view returns (Status) {
        Status whole = record.anchor.status;
        Status own = StatusWords.statusAt(record.statusWords[StatusWords.wordOf(leafIndex)], leafIndex);
        return own > whole ? own : whole;
    }
}
