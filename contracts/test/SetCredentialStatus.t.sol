// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ICredentialRegistry, ROLE_STATUS} from "../src/ICredentialRegistry.sol";
import {RegistryTest} from "./RegistryTest.sol";

contract SetCredentialStatusTest is RegistryTest {
    uint8 internal constant KEY_COMPROMISE = 1;

    function set(uint64[] memory indexes, ICredentialRegistry.Status status) internal {
        vm.prank(issuer);
        registry.setCredentialStatus(issuer, SEAL, indexes, status, 0);
    }

    function expectChanged(uint64[] memory indexes, ICredentialRegistry.Status status, uint8 reason) internal {
        expectEvent();
        emit ICredentialRegistry.CredentialStatusChanged(issuer, SEAL, status, reason, indexes);
    }

    function expectRevoked(uint64 index) internal {
        vm.expectRevert(
            abi.encodeWithSelector(
                ICredentialRegistry.CredentialRegistryCredentialRevoked.selector, issuer, SEAL, index
            )
        );
    }

    function expectNotAscending(uint256 position) internal {
        vm.expectRevert(
            abi.encodeWithSelector(ICredentialRegistry.CredentialRegistryIndexesNotAscending.selector, position)
        );
    }

    function test_OwnerRevokesOne() public {
        expectChanged(list(5), REVOKED, KEY_COMPROMISE);
        vm.prank(issuer);
        registry.setCredentialStatus(issuer, SEAL, list(5), REVOKED, KEY_COMPROMISE);

        assertStatus(SEAL, 4, ACTIVE);
        assertStatus(SEAL, 5, REVOKED);
        assertStatus(SEAL, 6, ACTIVE);
        vm.assertEq(registry.statusWordOf(issuer, SEAL, 0), 2 << 10);
        assertAnchor(SEAL, NOW, 1);
    }

    function test_OperatorSuspendsAndReinstates() public {
        expectChanged(list(127, 128), SUSPENDED, 6);
        vm.prank(statusOperator);
        registry.setCredentialStatus(issuer, SEAL, list(127, 128), SUSPENDED, 6);
        assertStatus(SEAL, 127, SUSPENDED);
        assertStatus(SEAL, 128, SUSPENDED);
        vm.assertEq(registry.statusWordOf(issuer, SEAL, 0), 1 << 254);
        vm.assertEq(registry.statusWordOf(issuer, SEAL, 1), 1);

        expectChanged(list(127), ACTIVE, 8);
        vm.prank(statusOperator);
        registry.setCredentialStatus(issuer, SEAL, list(127), ACTIVE, 8);
        assertStatus(SEAL, 127, ACTIVE);
        assertStatus(SEAL, 128, SUSPENDED);
    }

    function test_SuspendedCanBeRevoked() public {
        set(list(3), SUSPENDED);
        set(list(3), REVOKED);
        assertStatus(SEAL, 3, REVOKED);
        vm.assertEq(registry.statusWordOf(issuer, SEAL, 0), 2 << 6);
    }

    function test_RevokedMayBeRevokedAgainAmongOthers() public {
        set(list(3), REVOKED);
        expectChanged(list(3, 4), REVOKED, 0);
        set(list(3, 4), REVOKED);
        assertStatus(SEAL, 3, REVOKED);
        assertStatus(SEAL, 4, REVOKED);
    }

    function test_LastIndexThereCanBe() public {
        set(list(0, type(uint64).max), REVOKED);
        assertStatus(SEAL, type(uint64).max, REVOKED);
        vm.assertEq(registry.statusWordOf(issuer, SEAL, type(uint64).max >> 7), 2 << 254);
    }

    function test_WholeWordAndItsNeighbours() public {
        uint64[] memory indexes = new uint64[](128);
        for (uint64 i = 0; i < 128; ++i) {
            indexes[i] = 128 + i;
        }
        set(indexes, REVOKED);
        vm.assertEq(registry.statusWordOf(issuer, SEAL, 0), 0);
        vm.assertEq(registry.statusWordOf(issuer, SEAL, 1), type(uint256).max / 3 * 2);
        vm.assertEq(registry.statusWordOf(issuer, SEAL, 2), 0);
    }

    /// @dev A reorganisation may put a revocation before the anchor it follows; it must still hold.
    function test_HoldsWhenMinedBeforeTheAnchor() public {
        vm.prank(statusOperator);
        registry.setCredentialStatus(issuer, NEW_SEAL, list(7), REVOKED, 0);
        assertAnchor(NEW_SEAL, 0, 0);
        vm.prank(issuer);
        registry.anchor(issuer, NEW_SEAL);
        assertAnchor(NEW_SEAL, NOW, 2);
        assertStatus(NEW_SEAL, 7, REVOKED);
    }

    function test_SealsAndIssuersAreApart() public {
        set(list(1), REVOKED);
        vm.prank(issuer);
        registry.anchor(issuer, NEW_SEAL);
        vm.prank(stranger);
        registry.anchor(stranger, SEAL);
        assertStatus(NEW_SEAL, 1, ACTIVE);
        vm.assertEq(uint8(registry.credentialStatusOf(stranger, SEAL, 1)), uint8(ACTIVE));
    }

    function test_RevertWhen_NoIndexIsGiven() public {
        vm.expectRevert(abi.encodeWithSelector(ICredentialRegistry.CredentialRegistryEmptyIndexes.selector));
        set(new uint64[](0), REVOKED);
    }

    function test_RevertWhen_IndexesDoNotAscend() public {
        expectNotAscending(1);
        set(list(5, 5), REVOKED);
        expectNotAscending(1);
        set(list(5, 4, 6), REVOKED);
        expectNotAscending(2);
        set(list(5, 6, 6), REVOKED);
        expectNotAscending(2);
        set(list(5, 300, 6), REVOKED);
        expectNotAscending(1);
        set(list(0, 0), REVOKED);
        expectNotAscending(2);
        set(list(1, type(uint64).max, 0), REVOKED);
        vm.assertEq(registry.statusWordOf(issuer, SEAL, 0), 0);
        vm.assertEq(registry.statusWordOf(issuer, SEAL, 2), 0);
    }

    function test_RevertWhen_CredentialIsRevoked() public {
        set(list(130), REVOKED);
        expectRevoked(130);
        set(list(130), ACTIVE);
        expectRevoked(130);
        set(list(130), SUSPENDED);
        assertStatus(SEAL, 130, REVOKED);
    }

    function test_RevertWhen_OneOfThemIsRevoked() public {
        set(list(129, 130), REVOKED);
        expectRevoked(129);
        set(list(0, 129, 131), SUSPENDED);
        expectRevoked(130);
        set(list(0, 130, 300), SUSPENDED);
        assertStatus(SEAL, 0, ACTIVE);
        assertStatus(SEAL, 131, ACTIVE);
        assertStatus(SEAL, 300, ACTIVE);
    }

    function test_RevertWhen_CallerHasNoRole() public {
        address[3] memory callers = [stranger, anchorOperator, newOwner];
        for (uint256 i = 0; i < callers.length; ++i) {
            expectUnauthorized(callers[i], ROLE_STATUS);
            vm.prank(callers[i]);
            registry.setCredentialStatus(issuer, SEAL, list(0), REVOKED, 0);
        }
        assertStatus(SEAL, 0, ACTIVE);
    }

    function test_RevertWhen_OperatorIsExpired() public {
        vm.warp(EXPIRY + 1);
        expectUnauthorized(statusOperator, ROLE_STATUS);
        vm.prank(statusOperator);
        registry.setCredentialStatus(issuer, SEAL, list(0), REVOKED, 0);
        assertStatus(SEAL, 0, ACTIVE);
    }

    function test_RevertWhen_IssuerGaveItsIdentityAway() public {
        transferToNewOwner();
        expectUnauthorized(issuer, ROLE_STATUS);
        set(list(0), REVOKED);
        assertStatus(SEAL, 0, ACTIVE);
    }

    function test_RevertWhen_StatusIsUnknown() public {
        bytes memory data = abi.encodeWithSelector(
            registry.setCredentialStatus.selector, issuer, SEAL, uint256(0xa0), uint256(3), uint256(0), 1, 0
        );
        vm.prank(issuer);
        (bool success,) = address(registry).call(data);
        vm.assertFalse(success, "took status 3");
        assertStatus(SEAL, 0, ACTIVE);
    }

    /// @dev Against a list of statuses kept the plain way, over three words.
    function testFuzz_ChangesTheNamedAndNoOthers(uint256[6] calldata choices, uint8[6] calldata statuses) public {
        uint8[384] memory expected;
        for (uint256 round = 0; round < choices.length; ++round) {
            uint64[] memory indexes = indexesChosenBy(choices[round]);
            uint8 status = statuses[round] % 3;
            bool refused = false;
            for (uint256 i = 0; i < indexes.length; ++i) {
                refused = refused || (expected[indexes[i]] == 2 && status != 2);
            }
            vm.prank(issuer);
            try registry.setCredentialStatus(issuer, SEAL, indexes, ICredentialRegistry.Status(status), 0) {
                vm.assertFalse(refused, "left revoked");
                for (uint256 i = 0; i < indexes.length; ++i) {
                    expected[indexes[i]] = status;
                }
            } catch {
                vm.assertTrue(refused, "refused");
            }
        }
        for (uint64 i = 0; i < expected.length; ++i) {
            assertStatus(SEAL, i, ICredentialRegistry.Status(expected[i]));
        }
    }

    /// @dev One to about fifty ascending indexes below 384.
    function indexesChosenBy(uint256 choice) internal pure returns (uint64[] memory indexes) {
        indexes = new uint64[](384);
        uint256 count = 0;
        uint64 index = uint64(choice % 100);
        for (; index < 384 && count < 50; choice = uint256(keccak256(abi.encode(choice)))) {
            indexes[count++] = index;
            index += 1 + uint64(choice % 15);
        }
        assembly ("memory-safe") {
            mstore(indexes, count)
        }
    }
}
