// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";

import {ICredentialRegistry} from "../ICredentialRegistry.sol";

/// @title A door for the holders of one kind of credential. An example, in one file, to copy.
/// @notice A proof of inclusion is public as soon as it was used, and says nothing about who shows
/// it. So this gate admits with *passes* only: JSON credentials that are equal but for the address
/// of their holder. The gate writes the pass of the caller and asks the registry whether a trusted
/// issuer anchored exactly that. Copied from the mempool or handed on, a proof opens to nobody
/// else, because the pass of another caller has another hash.
///
/// Who is admitted has shown that a trusted issuer anchored a pass naming this very address, and
/// that the pass is neither suspended nor revoked. `isAdmitted` asks for the latter again each
/// time, so that a withdrawal closes the door at once.
///
/// It has *not* shown who they are, or that they still are who got the pass: keys can be lent and
/// sold. Dates in the pass are not looked at; there is none in it unless the deployer put it there.
/// A pass is as good as its issuer: trust none that anchors files of others unread, since one of
/// them could be a pass. And entering publishes that this address holds one.
/// @dev A pass is `prefix || address || suffix`: the canonical form (`jcs`, docs/formats.md) of a
/// credential without `proof`, in which the address stands once, with EIP-55 checksum, such as in
/// `"credentialSubject":{"id":"did:pkh:eip155:1:0x…"}`.
contract CredentialGate {
    /// @dev Where the pass of a holder stands, to ask for its status.
    struct Admission {
        address issuer;
        uint64 leafIndex;
        bytes32 seal;
    }

    ICredentialRegistry private immutable _registry;
    bytes private _prefix;
    bytes private _suffix;
    mapping(address issuer => bool) private _isTrusted;
    mapping(address holder => Admission) private _admissions;

    /// @notice A gate that trusts nobody would admit nobody.
    error CredentialGateNoIssuers();
    /// @notice `issuer` is none of those whose passes open this gate.
    error CredentialGateUntrustedIssuer(address issuer);
    /// @notice The registry does not call the pass of `holder` valid: `verdict` is what it says.
    /// `NotIncluded` if the proof is that of another credential, somebody else's pass included.
    error CredentialGateNotValid(address holder, ICredentialRegistry.Verdict verdict);

    /// @notice `holder` entered with the pass at `leafIndex` under `seal` of `issuer`.
    event HolderAdmitted(address indexed holder, address indexed issuer, bytes32 indexed seal, uint64 leafIndex);

    /// @param registry Where issuers anchor.
    /// @param issuers Whose passes open the gate, for ever.
    /// @param prefix What stands before the holder's address in every pass.
    /// @param suffix What stands behind it.
    constructor(ICredentialRegistry registry, address[] memory issuers, bytes memory prefix, bytes memory suffix) {
        if (issuers.length == 0) revert CredentialGateNoIssuers();
        _registry = registry;
        _prefix = prefix;
        _suffix = suffix;
        for (uint256 i = 0; i < issuers.length; ++i) {
            _isTrusted[issuers[i]] = true;
        }
    }

    /// @notice Enter with the caller's pass, of which everything but salt and place is known here.
    /// Enter again with a new pass if the old one was withdrawn.
    /// @param issuer Who anchored the pass.
    /// @param seal Under which seal.
    /// @param salt Salt, index, size and siblings as in the pass's receipt.
    function enter(
        address issuer,
        bytes32 seal,
        bytes32 salt,
        uint64 leafIndex,
        uint64 treeSize,
        bytes32[] calldata siblings
    ) external {
        if (!_isTrusted[issuer]) revert CredentialGateUntrustedIssuer(issuer);
        ICredentialRegistry.Verdict verdict =
            _registry.verify(issuer, seal, passHashOf(msg.sender), salt, leafIndex, treeSize, siblings);
        if (verdict != ICredentialRegistry.Verdict.Valid) revert CredentialGateNotValid(msg.sender, verdict);

        _admissions[msg.sender] = Admission({issuer: issuer, leafIndex: leafIndex, seal: seal});
        emit HolderAdmitted(msg.sender, issuer, seal, leafIndex);
    }

    /// @notice Whether `holder` entered, and the pass was not withdrawn since.
    function isAdmitted(address holder) external view returns (bool) {
        Admission storage admission = _admissions[holder];
        if (admission.seal == 0) return false;
        return _registry.credentialStatusOf(admission.issuer, admission.seal, admission.leafIndex)
            == ICredentialRegistry.Status.Active;
    }

    /// @notice Whether passes of `issuer` open this gate.
    function isTrusted(address issuer) external view returns (bool) {
        return _isTrusted[issuer];
    }

    /// @notice Credential hash of the pass of `holder`, as it is to be anchored.
    function passHashOf(address holder) public view returns (bytes32) {
        return sha256(abi.encodePacked(_prefix, Strings.toChecksumHexString(holder), _suffix));
    }
}
