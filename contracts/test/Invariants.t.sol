// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {CredentialRegistry} from "../src/CredentialRegistry.sol";
import {ICredentialRegistry} from "../src/ICredentialRegistry.sol";
import {RegistryHandler} from "./RegistryHandler.sol";
import {RegistryModel} from "./RegistryModel.sol";
import {Vm} from "./Vm.sol";

/// @dev What holds after whatever sequence of calls. That nobody without a role changes anything is
/// judged by the handler at each call, and again here: the registry holds what the model holds.
contract RegistryInvariantsTest {
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    CredentialRegistry internal registry;
    RegistryHandler internal handler;

    function setUp() public {
        vm.warp(1_800_000_000);
        registry = new CredentialRegistry();
        handler = new RegistryHandler(registry);
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    function invariant_SealOnceAnchoredNeverChanges() public view {
        RegistryModel.FirstAnchor[] memory anchors = handler.anchorsMade();
        for (uint256 i = 0; i < anchors.length; ++i) {
            ICredentialRegistry.Anchor memory found = registry.anchorOf(anchors[i].issuer, anchors[i].seal);
            vm.assertEq(found.anchoredAt, anchors[i].anchoredAt, "anchoredAt");
            vm.assertEq(found.sequence, anchors[i].sequence, "sequence");
        }
    }

    /// @dev The handler stops at an event whose sequence is not the next, so equal means gap-free.
    function invariant_AnchorCountIsTheNumberOfEvents() public view {
        uint256 total = 0;
        for (uint256 i = 0; i < handler.ACCOUNTS(); ++i) {
            (,, uint64 count) = registry.issuerOf(handler.account(i));
            vm.assertEq(count, handler.anchorEvents(handler.account(i)), "anchorCount");
            total += count;
        }
        vm.assertEq(total, handler.anchorsMade().length, "anchors");
    }

    /// @dev In the model a status that is revoked stays so, because it refuses to leave.
    function invariant_StatusesAreTheModelsAndRevokedIsFinal() public view {
        for (uint256 i = 0; i < handler.ISSUERS(); ++i) {
            for (uint256 s = 0; s < handler.SEALS(); ++s) {
                assertStatuses(handler.issuerAt(i), handler.sealAt(s));
            }
        }
    }

    function assertStatuses(address issuer, bytes32 seal) internal view {
        vm.assertEq(
            uint8(registry.anchorOf(issuer, seal).status), handler.sealStatus(issuer, seal), "status of the seal"
        );
        for (uint256 i = 0; i < 3; ++i) {
            uint64 index = handler.indexes(i);
            uint256 word = registry.statusWordOf(issuer, seal, index / 128);
            vm.assertEq(
                word >> (index % 128 * 2) & 3, handler.credentialStatus(issuer, seal, index), "status of a credential"
            );
        }
    }

    function invariant_OwnersAndOperatorsAreTheModels() public view {
        for (uint256 i = 0; i < handler.ISSUERS(); ++i) {
            address issuer = handler.issuerAt(i);
            (address owner, address pendingOwner,) = registry.issuerOf(issuer);
            vm.assertEq(owner, handler.ownerOf(issuer));
            vm.assertEq(pendingOwner, handler.pendingOwner(issuer));
            for (uint256 a = 0; a < handler.ACCOUNTS(); ++a) {
                assertOperator(issuer, handler.account(a));
            }
        }
    }

    function assertOperator(address issuer, address operator) internal view {
        (uint8 roles, uint64 validUntil) = registry.operatorOf(issuer, operator);
        (uint8 expectedRoles, uint64 expectedValidUntil) = handler.operatorOf(issuer, operator);
        vm.assertEq(roles, expectedRoles, "roles");
        vm.assertEq(validUntil, expectedValidUntil, "validUntil");
    }
}
