// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ICredentialRegistry, ROLE_ANCHOR} from "../src/ICredentialRegistry.sol";
import {RegistryTest} from "./RegistryTest.sol";

contract AnchorTest is RegistryTest {
    function test_OwnerAnchors() public {
        expectAnchored(NEW_SEAL, 2);
        vm.prank(issuer);
        registry.anchor(issuer, NEW_SEAL);

        assertAnchor(NEW_SEAL, NOW, 2);
        vm.assertEq(anchorCount(issuer), 2);
    }

    function test_OperatorAnchors() public {
        expectAnchored(NEW_SEAL, 2);
        vm.prank(anchorOperator);
        registry.anchor(issuer, NEW_SEAL);
        assertAnchor(NEW_SEAL, NOW, 2);
    }

    function test_OperatorOfBothRolesAnchors() public {
        appoint(stranger, BOTH_ROLES, EXPIRY);
        vm.prank(stranger);
        registry.anchor(issuer, NEW_SEAL);
        assertAnchor(NEW_SEAL, NOW, 2);
    }

    function test_OperatorAnchorsAtItsLastTime() public {
        vm.warp(EXPIRY);
        vm.prank(anchorOperator);
        registry.anchor(issuer, NEW_SEAL);
        assertAnchor(NEW_SEAL, EXPIRY, 2);
    }

    function test_NewOwnerAnchorsUnderTheSameIssuer() public {
        transferToNewOwner();
        expectAnchored(NEW_SEAL, 2);
        vm.prank(newOwner);
        registry.anchor(issuer, NEW_SEAL);
        vm.assertEq(anchorCount(issuer), 2);
    }

    function test_SameSealOfAnotherIssuerIsAnotherRecord() public {
        vm.warp(NOW + 1);
        vm.prank(stranger);
        registry.anchor(stranger, SEAL);
        assertAnchor(stranger, SEAL, NOW + 1, 1, ACTIVE);
        assertAnchor(SEAL, NOW, 1);
    }

    function test_SequencesCountFromOneWithoutGaps() public {
        for (uint64 sequence = 2; sequence < 20; ++sequence) {
            bytes32 seal = keccak256(abi.encode(sequence));
            expectAnchored(seal, sequence);
            vm.prank(issuer);
            registry.anchor(issuer, seal);
            vm.assertEq(anchorCount(issuer), sequence);
        }
    }

    function test_RevertWhen_SealIsEmpty() public {
        vm.expectRevert(abi.encodeWithSelector(ICredentialRegistry.CredentialRegistryEmptySeal.selector));
        vm.prank(issuer);
        registry.anchor(issuer, 0);
        assertNotAnchored(0);
    }

    function test_RevertWhen_AnchoredBefore() public {
        vm.warp(NOW + 1 days);
        vm.expectRevert(
            abi.encodeWithSelector(ICredentialRegistry.CredentialRegistryAlreadyAnchored.selector, issuer, SEAL, NOW)
        );
        vm.prank(anchorOperator);
        registry.anchor(issuer, SEAL);
        assertAnchor(SEAL, NOW, 1);
        vm.assertEq(anchorCount(issuer), 1);
    }

    function test_RevertWhen_CallerIsStranger() public {
        expectUnauthorized(stranger, ROLE_ANCHOR);
        vm.prank(stranger);
        registry.anchor(issuer, NEW_SEAL);
        assertNotAnchored(NEW_SEAL);
    }

    function test_RevertWhen_OperatorHasOnlyTheOtherRole() public {
        expectUnauthorized(statusOperator, ROLE_ANCHOR);
        vm.prank(statusOperator);
        registry.anchor(issuer, NEW_SEAL);
        assertNotAnchored(NEW_SEAL);
    }

    function test_RevertWhen_OperatorIsExpired() public {
        vm.warp(EXPIRY + 1);
        expectUnauthorized(anchorOperator, ROLE_ANCHOR);
        vm.prank(anchorOperator);
        registry.anchor(issuer, NEW_SEAL);
        assertNotAnchored(NEW_SEAL);
    }

    function test_RevertWhen_OperatorIsCutOff() public {
        appoint(anchorOperator, 0, type(uint64).max);
        expectUnauthorized(anchorOperator, ROLE_ANCHOR);
        vm.prank(anchorOperator);
        registry.anchor(issuer, NEW_SEAL);
        assertNotAnchored(NEW_SEAL);
    }

    function test_RevertWhen_OperatorIsOfAnotherIssuer() public {
        vm.prank(stranger);
        registry.setOperator(stranger, newOwner, BOTH_ROLES, EXPIRY);
        expectUnauthorized(newOwner, ROLE_ANCHOR);
        vm.prank(newOwner);
        registry.anchor(issuer, NEW_SEAL);
        assertNotAnchored(NEW_SEAL);
    }

    function test_RevertWhen_IssuerGaveItsIdentityAway() public {
        transferToNewOwner();
        expectUnauthorized(issuer, ROLE_ANCHOR);
        vm.prank(issuer);
        registry.anchor(issuer, NEW_SEAL);
        assertNotAnchored(NEW_SEAL);
    }

    function test_RevertWhen_CallerWasOfferedButDidNotAccept() public {
        vm.prank(issuer);
        registry.transferIssuer(issuer, newOwner);
        expectUnauthorized(newOwner, ROLE_ANCHOR);
        vm.prank(newOwner);
        registry.anchor(issuer, NEW_SEAL);
        assertNotAnchored(NEW_SEAL);
    }

    function test_RevertWhen_ValueIsSent() public {
        vm.deal(issuer, 1);
        vm.prank(issuer);
        (bool success,) = address(registry).call{value: 1}(abi.encodeCall(registry.anchor, (issuer, NEW_SEAL)));
        vm.assertFalse(success, "took value");
        assertNotAnchored(NEW_SEAL);
    }

    function testFuzz_AnchorsAnySealOfAnyIssuer(address anyIssuer, bytes32 seal, uint64 time) public {
        vm.assume(seal != 0 && time != 0 && (anyIssuer != issuer || seal != SEAL));
        vm.warp(time);
        vm.prank(anyIssuer);
        registry.anchor(anyIssuer, seal);
        assertAnchor(anyIssuer, seal, time, anyIssuer == issuer ? 2 : 1, ACTIVE);
    }

    function testFuzz_RevertWhen_CallerIsNobody(address caller, bytes32 seal) public {
        vm.assume(caller != issuer && caller != anchorOperator && seal != 0 && seal != SEAL);
        expectUnauthorized(caller, ROLE_ANCHOR);
        vm.prank(caller);
        registry.anchor(issuer, seal);
        assertNotAnchored(seal);
    }
}
