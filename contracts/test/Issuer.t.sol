// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ICredentialRegistry, ROLE_ANCHOR, ROLE_STATUS} from "../src/ICredentialRegistry.sol";
import {RegistryTest} from "./RegistryTest.sol";

contract SetOperatorTest is RegistryTest {
    function assertOperator(address operator, uint8 roles, uint64 validUntil) internal view {
        (uint8 foundRoles, uint64 foundValidUntil) = registry.operatorOf(issuer, operator);
        vm.assertEq(foundRoles, roles, "roles");
        vm.assertEq(foundValidUntil, validUntil, "validUntil");
    }

    function expectSet(address operator, uint8 roles, uint64 validUntil) internal {
        expectEvent();
        emit ICredentialRegistry.OperatorSet(issuer, operator, roles, validUntil);
    }

    function test_OwnerAppointsChangesAndCutsOff() public {
        expectSet(stranger, ROLE_ANCHOR, NOW);
        appoint(stranger, ROLE_ANCHOR, NOW);
        assertOperator(stranger, ROLE_ANCHOR, NOW);

        expectSet(stranger, BOTH_ROLES, type(uint64).max);
        appoint(stranger, BOTH_ROLES, type(uint64).max);
        assertOperator(stranger, BOTH_ROLES, type(uint64).max);

        expectSet(stranger, 0, 0);
        appoint(stranger, 0, 0);
        assertOperator(stranger, 0, 0);
    }

    function test_NewOwnerAppoints() public {
        transferToNewOwner();
        expectSet(stranger, ROLE_STATUS, EXPIRY);
        vm.prank(newOwner);
        registry.setOperator(issuer, stranger, ROLE_STATUS, EXPIRY);
        assertOperator(stranger, ROLE_STATUS, EXPIRY);
    }

    function test_AppointmentIsOfOneIssuerOnly() public view {
        (uint8 roles, uint64 validUntil) = registry.operatorOf(stranger, anchorOperator);
        vm.assertEq(roles, 0);
        vm.assertEq(validUntil, 0);
    }

    function test_RevertWhen_OperatorIsZero() public {
        vm.expectRevert(
            abi.encodeWithSelector(ICredentialRegistry.CredentialRegistryInvalidOperator.selector, address(0))
        );
        appoint(address(0), ROLE_ANCHOR, EXPIRY);
        assertOperator(address(0), 0, 0);
    }

    function testFuzz_RevertWhen_RolesAreUnknown(uint8 roles) public {
        vm.assume(roles > BOTH_ROLES);
        vm.expectRevert(abi.encodeWithSelector(ICredentialRegistry.CredentialRegistryInvalidRoles.selector, roles));
        appoint(stranger, roles, EXPIRY);
        assertOperator(stranger, 0, 0);
    }

    function test_RevertWhen_OverBeforeItBegan() public {
        vm.expectRevert(abi.encodeWithSelector(ICredentialRegistry.CredentialRegistryInvalidExpiry.selector, NOW - 1));
        appoint(anchorOperator, BOTH_ROLES, NOW - 1);
        assertOperator(anchorOperator, ROLE_ANCHOR, EXPIRY);
    }

    function test_RevertWhen_CallerIsNotOwner() public {
        address[4] memory callers = [stranger, anchorOperator, statusOperator, newOwner];
        for (uint256 i = 0; i < callers.length; ++i) {
            expectNotOwner(callers[i]);
            vm.prank(callers[i]);
            registry.setOperator(issuer, callers[i], BOTH_ROLES, type(uint64).max);
        }
        assertOperator(stranger, 0, 0);
        assertOperator(anchorOperator, ROLE_ANCHOR, EXPIRY);
    }

    function test_RevertWhen_IssuerGaveItsIdentityAway() public {
        transferToNewOwner();
        expectNotOwner(issuer);
        appoint(issuer, BOTH_ROLES, EXPIRY);
        assertOperator(issuer, 0, 0);
    }
}

contract TransferIssuerTest is RegistryTest {
    function expectStarted(address owner, address pendingOwner) internal {
        expectEvent();
        emit ICredentialRegistry.IssuerTransferStarted(issuer, owner, pendingOwner);
    }

    function test_OwnerOffersElsewhereAndWithdraws() public {
        address[3] memory offers = [newOwner, stranger, address(0)];
        for (uint256 i = 0; i < offers.length; ++i) {
            expectStarted(issuer, offers[i]);
            vm.prank(issuer);
            registry.transferIssuer(issuer, offers[i]);
            assertIssuer(issuer, offers[i]);
        }
    }

    function test_NewOwnerOffersOn() public {
        transferToNewOwner();
        expectStarted(newOwner, issuer);
        vm.prank(newOwner);
        registry.transferIssuer(issuer, issuer);
        assertIssuer(newOwner, issuer);
    }

    function test_RevertWhen_CallerIsNotOwner() public {
        address[3] memory callers = [stranger, anchorOperator, statusOperator];
        for (uint256 i = 0; i < callers.length; ++i) {
            expectNotOwner(callers[i]);
            vm.prank(callers[i]);
            registry.transferIssuer(issuer, callers[i]);
        }
        assertIssuer(issuer, address(0));
    }

    function test_RevertWhen_IssuerGaveItsIdentityAway() public {
        transferToNewOwner();
        expectNotOwner(issuer);
        vm.prank(issuer);
        registry.transferIssuer(issuer, issuer);
        assertIssuer(newOwner, address(0));
    }
}

contract AcceptIssuerTest is RegistryTest {
    function expectNotPending(address caller) internal {
        vm.expectRevert(
            abi.encodeWithSelector(ICredentialRegistry.CredentialRegistryNotPendingOwner.selector, issuer, caller)
        );
    }

    function offer(address to) internal {
        vm.prank(issuer);
        registry.transferIssuer(issuer, to);
    }

    function test_PendingOwnerTakesOver() public {
        offer(newOwner);
        expectEvent();
        emit ICredentialRegistry.IssuerTransferred(issuer, issuer, newOwner);
        vm.prank(newOwner);
        registry.acceptIssuer(issuer);
        assertIssuer(newOwner, address(0));
    }

    function test_ComesBackToTheIssuer() public {
        transferToNewOwner();
        vm.prank(newOwner);
        registry.transferIssuer(issuer, issuer);
        expectEvent();
        emit ICredentialRegistry.IssuerTransferred(issuer, newOwner, issuer);
        vm.prank(issuer);
        registry.acceptIssuer(issuer);
        assertIssuer(issuer, address(0));
    }

    function test_LeavesAnchorsAndOperators() public {
        transferToNewOwner();
        vm.assertEq(anchorCount(issuer), 1);
        assertAnchor(SEAL, NOW, 1);
        vm.prank(anchorOperator);
        registry.anchor(issuer, NEW_SEAL);
        assertAnchor(NEW_SEAL, NOW, 2);
    }

    function test_OtherIdentitiesOfTheNewOwnerStayApart() public {
        transferToNewOwner();
        vm.prank(newOwner);
        registry.anchor(newOwner, SEAL);
        assertAnchor(newOwner, SEAL, NOW, 1, ACTIVE);
        vm.assertEq(anchorCount(issuer), 1);
    }

    function test_RevertWhen_NothingWasOffered() public {
        address[3] memory callers = [newOwner, issuer, anchorOperator];
        for (uint256 i = 0; i < callers.length; ++i) {
            expectNotPending(callers[i]);
            vm.prank(callers[i]);
            registry.acceptIssuer(issuer);
        }
        assertIssuer(issuer, address(0));
    }

    function test_RevertWhen_OfferWasWithdrawnOrMadeToAnother() public {
        offer(newOwner);
        expectNotPending(stranger);
        vm.prank(stranger);
        registry.acceptIssuer(issuer);
        offer(address(0));
        expectNotPending(newOwner);
        vm.prank(newOwner);
        registry.acceptIssuer(issuer);
        assertIssuer(issuer, address(0));
    }

    function test_RevertWhen_AcceptedBefore() public {
        transferToNewOwner();
        expectNotPending(newOwner);
        vm.prank(newOwner);
        registry.acceptIssuer(issuer);
        assertIssuer(newOwner, address(0));
    }
}

contract SetProfileTest is RegistryTest {
    string internal constant URI = "did:web:university.example";

    function expectProfile(string memory uri) internal {
        expectEvent();
        emit ICredentialRegistry.ProfileSet(issuer, uri);
    }

    function testFuzz_OwnerPublishes(string calldata uri) public {
        expectProfile(uri);
        vm.prank(issuer);
        registry.setProfile(issuer, uri);
    }

    function test_NewOwnerPublishes() public {
        transferToNewOwner();
        expectProfile(URI);
        vm.prank(newOwner);
        registry.setProfile(issuer, URI);
    }

    function test_RevertWhen_CallerIsNotOwner() public {
        address[3] memory callers = [stranger, anchorOperator, statusOperator];
        for (uint256 i = 0; i < callers.length; ++i) {
            expectNotOwner(callers[i]);
            vm.prank(callers[i]);
            registry.setProfile(issuer, URI);
        }
        transferToNewOwner();
        expectNotOwner(issuer);
        vm.prank(issuer);
        registry.setProfile(issuer, URI);
    }
}
