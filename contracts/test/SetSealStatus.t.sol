// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ICredentialRegistry, ROLE_STATUS} from "../src/ICredentialRegistry.sol";
import {RegistryTest} from "./RegistryTest.sol";

contract SetSealStatusTest is RegistryTest {
    function set(ICredentialRegistry.Status status, uint8 reason) internal {
        expectEvent();
        emit ICredentialRegistry.SealStatusChanged(issuer, SEAL, status, reason);
        vm.prank(issuer);
        registry.setSealStatus(issuer, SEAL, status, reason);
        assertAnchor(issuer, SEAL, NOW, 1, status);
    }

    function test_SuspendsReinstatesAndRevokes() public {
        set(SUSPENDED, 6);
        set(SUSPENDED, 6);
        set(ACTIVE, 8);
        set(SUSPENDED, 0);
        set(REVOKED, 9);
        set(REVOKED, 1);
    }

    function test_ActiveCanBeRevoked() public {
        set(REVOKED, 255);
    }

    function test_OperatorSuspends() public {
        vm.prank(statusOperator);
        registry.setSealStatus(issuer, SEAL, SUSPENDED, 0);
        assertAnchor(issuer, SEAL, NOW, 1, SUSPENDED);
    }

    function test_LeavesCredentialsOwnStatuses() public {
        vm.prank(issuer);
        registry.setCredentialStatus(issuer, SEAL, list(1), REVOKED, 0);
        set(SUSPENDED, 0);
        set(ACTIVE, 0);
        assertStatus(SEAL, 0, ACTIVE);
        assertStatus(SEAL, 1, REVOKED);
    }

    function test_RevertWhen_SealIsRevoked() public {
        set(REVOKED, 0);
        bytes memory refusal =
            abi.encodeWithSelector(ICredentialRegistry.CredentialRegistrySealRevoked.selector, issuer, SEAL);
        vm.expectRevert(refusal);
        vm.prank(issuer);
        registry.setSealStatus(issuer, SEAL, ACTIVE, 0);
        vm.expectRevert(refusal);
        vm.prank(issuer);
        registry.setSealStatus(issuer, SEAL, SUSPENDED, 0);
        assertAnchor(issuer, SEAL, NOW, 1, REVOKED);
    }

    function test_RevertWhen_SealIsNotAnchored() public {
        vm.expectRevert(
            abi.encodeWithSelector(ICredentialRegistry.CredentialRegistryNotAnchored.selector, issuer, NEW_SEAL)
        );
        vm.prank(issuer);
        registry.setSealStatus(issuer, NEW_SEAL, REVOKED, 0);
        assertNotAnchored(NEW_SEAL);
    }

    function test_RevertWhen_CallerHasNoRole() public {
        address[3] memory callers = [stranger, anchorOperator, newOwner];
        for (uint256 i = 0; i < callers.length; ++i) {
            expectUnauthorized(callers[i], ROLE_STATUS);
            vm.prank(callers[i]);
            registry.setSealStatus(issuer, SEAL, REVOKED, 0);
        }
        assertAnchor(SEAL, NOW, 1);
    }

    function test_RevertWhen_OperatorIsExpired() public {
        vm.warp(EXPIRY + 1);
        expectUnauthorized(statusOperator, ROLE_STATUS);
        vm.prank(statusOperator);
        registry.setSealStatus(issuer, SEAL, REVOKED, 0);
        assertAnchor(SEAL, NOW, 1);
    }

    function test_RevertWhen_StatusIsUnknown() public {
        vm.prank(issuer);
        (bool success,) =
            address(registry).call(abi.encodeWithSelector(registry.setSealStatus.selector, issuer, SEAL, 3, 0));
        vm.assertFalse(success, "took status 3");
        assertAnchor(SEAL, NOW, 1);
    }
}
