// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ICredentialRegistry, ROLE_ANCHOR, ROLE_STATUS} from "../src/ICredentialRegistry.sol";
import {RegistryTest} from "./RegistryTest.sol";

contract AnchorOfTest is RegistryTest {
    function test_TellsTimeSequenceAndStatus() public {
        assertAnchor(issuer, SEAL, NOW, 1, ACTIVE);
        vm.prank(issuer);
        registry.setSealStatus(issuer, SEAL, SUSPENDED, 0);
        assertAnchor(issuer, SEAL, NOW, 1, SUSPENDED);
    }

    function test_IsZeroWhereNothingIsAnchored() public view {
        assertAnchor(issuer, NEW_SEAL, 0, 0, ACTIVE);
        assertAnchor(stranger, SEAL, 0, 0, ACTIVE);
    }
}

contract IssuerOfTest is RegistryTest {
    function test_EveryAddressOwnsItself() public view {
        (address owner, address pendingOwner, uint64 count) = registry.issuerOf(stranger);
        vm.assertEq(owner, stranger);
        vm.assertEq(pendingOwner, address(0));
        vm.assertEq(count, 0);
    }

    function test_TellsOwnerOfferAndCount() public {
        transferToNewOwner();
        vm.prank(newOwner);
        registry.transferIssuer(issuer, stranger);
        (address owner, address pendingOwner, uint64 count) = registry.issuerOf(issuer);
        vm.assertEq(owner, newOwner);
        vm.assertEq(pendingOwner, stranger);
        vm.assertEq(count, 1);
    }
}

contract OperatorOfTest is RegistryTest {
    function assertOperator(address operator, uint8 roles, uint64 validUntil) internal view {
        (uint8 foundRoles, uint64 foundValidUntil) = registry.operatorOf(issuer, operator);
        vm.assertEq(foundRoles, roles, "roles");
        vm.assertEq(foundValidUntil, validUntil, "validUntil");
    }

    function test_TellsRolesAndLastTimeEvenWhenOver() public {
        vm.warp(EXPIRY + 1);
        assertOperator(anchorOperator, ROLE_ANCHOR, EXPIRY);
        assertOperator(statusOperator, ROLE_STATUS, EXPIRY);
    }

    function test_IsZeroForOwnersAndStrangers() public view {
        assertOperator(issuer, 0, 0);
        assertOperator(stranger, 0, 0);
    }
}

contract CredentialStatusOfTest is RegistryTest {
    /// @dev The worse of the two, for each of the nine pairs.
    function test_IsTheWorseOfOwnAndSeals() public {
        for (uint8 whole = 0; whole < 3; ++whole) {
            for (uint8 own = 0; own < 3; ++own) {
                bytes32 seal = keccak256(abi.encode(whole, own));
                vm.prank(issuer);
                registry.anchor(issuer, seal);
                vm.prank(issuer);
                registry.setCredentialStatus(issuer, seal, list(200), ICredentialRegistry.Status(own), 0);
                vm.prank(issuer);
                registry.setSealStatus(issuer, seal, ICredentialRegistry.Status(whole), 0);
                assertStatus(seal, 200, ICredentialRegistry.Status(own > whole ? own : whole));
                assertStatus(seal, 201, ICredentialRegistry.Status(whole));
            }
        }
    }

    function test_RevertWhen_SealIsNotAnchored() public {
        vm.expectRevert(
            abi.encodeWithSelector(ICredentialRegistry.CredentialRegistryNotAnchored.selector, issuer, NEW_SEAL)
        );
        registry.credentialStatusOf(issuer, NEW_SEAL, 0);
    }

    function test_RevertWhen_AnchoredByAnotherIssuer() public {
        vm.expectRevert(
            abi.encodeWithSelector(ICredentialRegistry.CredentialRegistryNotAnchored.selector, stranger, SEAL)
        );
        registry.credentialStatusOf(stranger, SEAL, 0);
    }
}

contract StatusWordOfTest is RegistryTest {
    function test_HoldsOwnStatusesOnly() public {
        vm.prank(issuer);
        registry.setCredentialStatus(issuer, SEAL, list(256, 258, 383), REVOKED, 0);
        vm.prank(issuer);
        registry.setCredentialStatus(issuer, SEAL, list(257), SUSPENDED, 0);
        vm.prank(issuer);
        registry.setSealStatus(issuer, SEAL, REVOKED, 0);
        vm.assertEq(registry.statusWordOf(issuer, SEAL, 2), 2 | (1 << 2) | (2 << 4) | (2 << 254));
        vm.assertEq(registry.statusWordOf(issuer, SEAL, 1), 0);
        vm.assertEq(registry.statusWordOf(issuer, SEAL, 3), 0);
    }

    function test_IsZeroWhereNothingIsAnchored() public view {
        vm.assertEq(registry.statusWordOf(stranger, NEW_SEAL, 0), 0);
    }
}
