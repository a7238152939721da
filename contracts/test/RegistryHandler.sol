// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {CredentialRegistry} from "../src/CredentialRegistry.sol";
import {ICredentialRegistry, ROLE_ANCHOR, ROLE_STATUS} from "../src/ICredentialRegistry.sol";
import {RegistryModel} from "./RegistryModel.sol";
import {Vm} from "./Vm.sol";

/// @dev Random users of one registry. Six accounts of which any may be issuer, owner, former
/// owner, operator, expired operator or stranger to any other, act as they please. A plain model
/// says of each call whether it may succeed; a call that succeeds or fails against it stops the
/// run. Calls that may not succeed are made all the same: most are such.
contract RegistryHandler is RegistryModel {
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
    uint256 public constant ACCOUNTS = 6;
    uint256 public constant ISSUERS = 2;
    uint256 public constant SEALS = 4;
    uint64[3] public indexes = [0, 127, 128];

    CredentialRegistry public immutable registry;
    address[] internal _accounts;

    constructor(CredentialRegistry registry_) {
        registry = registry_;
        for (uint256 i = 0; i < ACCOUNTS; ++i) {
            _accounts.push(vm.addr(keyAt(i)));
        }
    }

    function anchor(uint256 by, uint256 of_, uint256 which) external {
        (address issuer, bytes32 seal) = (issuerAt(of_), sealAt(which));
        address actor = actorFor(issuer, by);
        bool allowed = mayAct(issuer, actor, ROLE_ANCHOR) && !anchored[issuer][seal];
        act(actor, abi.encodeCall(registry.anchor, (issuer, seal)), allowed);
        if (allowed) noteAnchor(issuer, seal);
    }

    function anchorRaw(uint256 by, uint256 which) external {
        (address actor, bytes32 seal) = (account(by), sealAt(which));
        bool allowed = mayAct(actor, actor, ROLE_ANCHOR) && !anchored[actor][seal];
        act(actor, abi.encode(seal), allowed);
        if (allowed) noteAnchor(actor, seal);
    }

    function anchorWithSignature(uint256 by, uint256 signedBy, uint256 of_, uint256 which, bool late, bool forged)
        external
    {
        (address signer, address issuer, bytes32 seal) = (account(signedBy), issuerAt(of_), sealAt(which));
        uint256 deadline = late ? block.timestamp - 1 : block.timestamp;
        bytes memory signature = sign(keyAt(signedBy % ACCOUNTS + (forged ? 1 : 0)), issuer, seal, deadline);
        bool allowed = mayAct(issuer, signer, ROLE_ANCHOR) && !anchored[issuer][seal] && !late && !forged;
        act(
            account(by),
            abi.encodeCall(registry.anchorWithSignature, (issuer, seal, deadline, signer, signature)),
            allowed
        );
        if (allowed) noteAnchor(issuer, seal);
    }

    function setCredentialStatus(uint256 by, uint256 of_, uint256 which, uint256 where, uint8 to) external {
        (address issuer, bytes32 seal) = (issuerAt(of_), sealAt(which));
        address actor = actorFor(issuer, by);
        uint64[] memory one = new uint64[](1);
        one[0] = indexes[where % indexes.length];
        uint8 status = to % 3;
        bool allowed =
            mayAct(issuer, actor, ROLE_STATUS) && (status == 2 || credentialStatus[issuer][seal][one[0]] != 2);
        act(
            actor,
            abi.encodeCall(registry.setCredentialStatus, (issuer, seal, one, ICredentialRegistry.Status(status), 0)),
            allowed
        );
        if (allowed) credentialStatus[issuer][seal][one[0]] = status;
    }

    function setSealStatus(uint256 by, uint256 of_, uint256 which, uint8 to) external {
        (address issuer, bytes32 seal) = (issuerAt(of_), sealAt(which));
        address actor = actorFor(issuer, by);
        uint8 status = to % 3;
        bool allowed = mayAct(issuer, actor, ROLE_STATUS) && anchored[issuer][seal]
            && (status == 2 || sealStatus[issuer][seal] != 2);
        act(
            actor,
            abi.encodeCall(registry.setSealStatus, (issuer, seal, ICredentialRegistry.Status(status), 0)),
            allowed
        );
        if (allowed) sealStatus[issuer][seal] = status;
    }

    function setOperator(uint256 by, uint256 of_, uint256 whom, uint8 roles, uint64 duration) external {
        (address issuer, address operator) = (issuerAt(of_), account(whom));
        address actor = actorFor(issuer, by);
        roles = roles % 4;
        uint64 validUntil = uint64(block.timestamp) + duration % 10 days;
        bool allowed = actor == ownerOf(issuer);
        act(actor, abi.encodeCall(registry.setOperator, (issuer, operator, roles, validUntil)), allowed);
        if (allowed) noteOperator(issuer, operator, roles, validUntil);
    }

    function transferIssuer(uint256 by, uint256 of_, uint256 to) external {
        address issuer = issuerAt(of_);
        address actor = actorFor(issuer, by);
        bool allowed = actor == ownerOf(issuer);
        act(actor, abi.encodeCall(registry.transferIssuer, (issuer, account(to))), allowed);
        if (allowed) pendingOwner[issuer] = account(to);
    }

    function acceptIssuer(uint256 by, uint256 of_) external {
        (address actor, address issuer) = (account(by), issuerAt(of_));
        bool allowed = actor == pendingOwner[issuer];
        act(actor, abi.encodeCall(registry.acceptIssuer, (issuer)), allowed);
        if (allowed) noteOwner(issuer, actor);
    }

    function setProfile(uint256 by, uint256 of_) external {
        (address actor, address issuer) = (account(by), issuerAt(of_));
        act(actor, abi.encodeCall(registry.setProfile, (issuer, "https://issuer.example")), actor == ownerOf(issuer));
    }

    function passTime(uint256 duration) external {
        vm.warp(block.timestamp + 1 + duration % 3 days);
    }

    function act(address actor, bytes memory data, bool allowed) internal {
        vm.recordLogs();
        vm.prank(actor);
        (bool success,) = address(registry).call(data);
        require(success == allowed, allowed ? "refused what is allowed" : "allowed what is forbidden");
        Vm.Log[] memory logs = vm.getRecordedLogs();
        require(logs.length == (success ? 1 : 0), "not one event for one change");
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].topics[0] != ICredentialRegistry.SealAnchored.selector) continue;
            noteAnchoredEvent(address(uint160(uint256(logs[i].topics[1]))), uint64(uint256(logs[i].topics[3])));
        }
    }

    function account(uint256 i) public view returns (address) {
        return _accounts[i % ACCOUNTS];
    }

    /// @dev Anyone; every third time the owner, or little would ever happen.
    function actorFor(address issuer, uint256 i) internal view returns (address) {
        return i % 3 == 0 ? ownerOf(issuer) : account(i / 3);
    }

    function issuerAt(uint256 i) public view returns (address) {
        return account(i % ISSUERS);
    }

    function sealAt(uint256 i) public pure returns (bytes32) {
        return keccak256(abi.encode("seal", i % SEALS));
    }

    function keyAt(uint256 i) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode("account", i % ACCOUNTS)));
    }

    function sign(uint256 key, address issuer, bytes32 seal, uint256 deadline) internal view returns (bytes memory) {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("CredentialRegistry"),
                keccak256("1"),
                block.chainid,
                address(registry)
            )
        );
        bytes32 content = keccak256(
            abi.encode(keccak256("Anchor(address issuer,bytes32 seal,uint256 deadline)"), issuer, seal, deadline)
        );
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, keccak256(abi.encodePacked(hex"1901", domain, content)));
        return abi.encodePacked(r, s, v);
    }
}
