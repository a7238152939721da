// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {CredentialRegistry} from "../src/CredentialRegistry.sol";
import {ICredentialRegistry, ROLE_ANCHOR, ROLE_STATUS} from "../src/ICredentialRegistry.sol";
import {Vm} from "./Vm.sol";

/// @dev Common ground of the tests: a registry, an issuer with two operators of one role each, a
/// stranger, and one anchored seal.
abstract contract RegistryTest {
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    ICredentialRegistry.Status internal constant ACTIVE = ICredentialRegistry.Status.Active;
    ICredentialRegistry.Status internal constant SUSPENDED = ICredentialRegistry.Status.Suspended;
    ICredentialRegistry.Status internal constant REVOKED = ICredentialRegistry.Status.Revoked;

    uint8 internal constant BOTH_ROLES = ROLE_ANCHOR | ROLE_STATUS;
    uint64 internal constant NOW = 1_800_000_000;
    uint64 internal constant EXPIRY = NOW + 30 days;
    uint256 internal constant ISSUER_KEY = uint256(keccak256("issuer"));
    uint256 internal constant ANCHOR_OPERATOR_KEY = uint256(keccak256("anchor operator"));
    uint256 internal constant STATUS_OPERATOR_KEY = uint256(keccak256("status operator"));
    uint256 internal constant STRANGER_KEY = uint256(keccak256("stranger"));
    bytes32 internal constant SEAL = keccak256("anchored seal");
    bytes32 internal constant NEW_SEAL = keccak256("new seal");

    CredentialRegistry internal registry;
    address internal issuer = vm.addr(ISSUER_KEY);
    address internal anchorOperator = vm.addr(ANCHOR_OPERATOR_KEY);
    address internal statusOperator = vm.addr(STATUS_OPERATOR_KEY);
    address internal stranger = vm.addr(STRANGER_KEY);
    address internal newOwner = vm.addr(uint256(keccak256("new owner")));

    function setUp() public virtual {
        vm.warp(NOW);
        registry = new CredentialRegistry();
        appoint(anchorOperator, ROLE_ANCHOR, EXPIRY);
        appoint(statusOperator, ROLE_STATUS, EXPIRY);
        vm.prank(issuer);
        registry.anchor(issuer, SEAL);
    }

    function appoint(address operator, uint8 roles, uint64 validUntil) internal {
        vm.prank(issuer);
        registry.setOperator(issuer, operator, roles, validUntil);
    }

    function transferToNewOwner() internal {
        vm.prank(issuer);
        registry.transferIssuer(issuer, newOwner);
        vm.prank(newOwner);
        registry.acceptIssuer(issuer);
    }

    function expectUnauthorized(address actor, uint8 role) internal {
        vm.expectRevert(
            abi.encodeWithSelector(ICredentialRegistry.CredentialRegistryUnauthorized.selector, issuer, actor, role)
        );
    }

    function expectNotOwner(address caller) internal {
        vm.expectRevert(abi.encodeWithSelector(ICredentialRegistry.CredentialRegistryNotOwner.selector, issuer, caller));
    }

    /// @dev The next call emits one event, all of whose topics and data are those emitted hereafter.
    function expectEvent() internal {
        vm.expectEmit(true, true, true, true, address(registry));
    }

    function expectAnchored(bytes32 seal, uint64 sequence) internal {
        expectEvent();
        emit ICredentialRegistry.SealAnchored(issuer, seal, sequence);
    }

    function assertAnchor(bytes32 seal, uint64 anchoredAt, uint64 sequence) internal view {
        assertAnchor(issuer, seal, anchoredAt, sequence, ACTIVE);
    }

    function assertAnchor(
        address of_,
        bytes32 seal,
        uint64 anchoredAt,
        uint64 sequence,
        ICredentialRegistry.Status status
    ) internal view {
        ICredentialRegistry.Anchor memory found = registry.anchorOf(of_, seal);
        vm.assertEq(found.anchoredAt, anchoredAt, "anchoredAt");
        vm.assertEq(found.sequence, sequence, "sequence");
        vm.assertEq(uint8(found.status), uint8(status), "status");
    }

    /// @dev What a refused anchor leaves: no record, and the count as `setUp` left it.
    function assertNotAnchored(bytes32 seal) internal view {
        assertAnchor(seal, 0, 0);
        vm.assertEq(anchorCount(issuer), 1, "anchorCount");
    }

    function anchorCount(address of_) internal view returns (uint64 count) {
        (,, count) = registry.issuerOf(of_);
    }

    function assertIssuer(address owner, address pendingOwner) internal view {
        (address foundOwner, address foundPending,) = registry.issuerOf(issuer);
        vm.assertEq(foundOwner, owner);
        vm.assertEq(foundPending, pendingOwner);
    }

    function assertStatus(bytes32 seal, uint64 index, ICredentialRegistry.Status status) internal view {
        vm.assertEq(uint8(registry.credentialStatusOf(issuer, seal, index)), uint8(status), "credential status");
    }

    function list(uint64 a) internal pure returns (uint64[] memory indexes) {
        indexes = new uint64[](1);
        indexes[0] = a;
    }

    function list(uint64 a, uint64 b) internal pure returns (uint64[] memory indexes) {
        indexes = new uint64[](2);
        (indexes[0], indexes[1]) = (a, b);
    }

    function list(uint64 a, uint64 b, uint64 c) internal pure returns (uint64[] memory indexes) {
        indexes = new uint64[](3);
        (indexes[0], indexes[1], indexes[2]) = (a, b, c);
    }
}
