// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ICredentialRegistry, ROLE_ANCHOR} from "../src/ICredentialRegistry.sol";
import {RegistryTest} from "./RegistryTest.sol";

/// @dev The fallback: calldata that is the seal itself.
contract RawSealTest is RegistryTest {
    string internal constant ARTIFACT = "contracts/out/CredentialRegistry.sol/CredentialRegistry.json";

    function raw(address sender, bytes memory data) internal returns (bool success, bytes memory answer) {
        vm.prank(sender);
        return address(registry).call(data);
    }

    function assertRefused(address sender, bytes memory data, bytes memory expected) internal {
        (bool success, bytes memory answer) = raw(sender, data);
        vm.assertFalse(success, "took it");
        vm.assertEq(answer, expected);
        vm.assertEq(anchorCount(sender), sender == issuer ? 1 : 0, "anchorCount");
    }

    function invalidLength(uint256 length) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(ICredentialRegistry.CredentialRegistryInvalidCalldata.selector, length);
    }

    function test_AnchorsSealOfSender() public {
        expectAnchored(NEW_SEAL, 2);
        (bool success, bytes memory answer) = raw(issuer, abi.encode(NEW_SEAL));
        vm.assertTrue(success, "refused");
        vm.assertEq(answer.length, 0);
        assertAnchor(NEW_SEAL, NOW, 2);
        vm.assertEq(anchorCount(issuer), 2);
    }

    function test_OperatorAnchorsForItselfAndNotForItsIssuer() public {
        (bool success,) = raw(anchorOperator, abi.encode(NEW_SEAL));
        vm.assertTrue(success, "refused");
        assertAnchor(anchorOperator, NEW_SEAL, NOW, 1, ACTIVE);
        assertNotAnchored(NEW_SEAL);
    }

    function test_IssuerAnchorsAsOperatorOfItsNewOwner() public {
        transferToNewOwner();
        vm.prank(newOwner);
        registry.setOperator(issuer, issuer, ROLE_ANCHOR, EXPIRY);
        (bool success,) = raw(issuer, abi.encode(NEW_SEAL));
        vm.assertTrue(success, "refused");
        assertAnchor(NEW_SEAL, NOW, 2);
    }

    function test_RevertWhen_SealIsEmpty() public {
        assertRefused(
            issuer,
            abi.encode(bytes32(0)),
            abi.encodeWithSelector(ICredentialRegistry.CredentialRegistryEmptySeal.selector)
        );
    }

    function test_RevertWhen_AnchoredBefore() public {
        vm.warp(NOW + 1);
        assertRefused(
            issuer,
            abi.encode(SEAL),
            abi.encodeWithSelector(ICredentialRegistry.CredentialRegistryAlreadyAnchored.selector, issuer, SEAL, NOW)
        );
        assertAnchor(SEAL, NOW, 1);
    }

    function test_RevertWhen_IssuerGaveItsIdentityAway() public {
        transferToNewOwner();
        assertRefused(
            issuer,
            abi.encode(NEW_SEAL),
            abi.encodeWithSelector(
                ICredentialRegistry.CredentialRegistryUnauthorized.selector, issuer, issuer, ROLE_ANCHOR
            )
        );
    }

    function test_RevertWhen_ValueIsSent() public {
        vm.deal(issuer, 2);
        vm.prank(issuer);
        (bool success,) = address(registry).call{value: 1}(abi.encode(NEW_SEAL));
        vm.assertFalse(success, "took value with a seal");
        vm.prank(issuer);
        (success,) = address(registry).call{value: 1}("");
        vm.assertFalse(success, "took bare value");
        vm.assertEq(address(registry).balance, 0);
        assertNotAnchored(NEW_SEAL);
    }

    function test_RevertWhen_LengthIsWrong() public {
        for (uint256 length = 0; length <= 100; ++length) {
            if (length == 32) continue;
            bytes memory data = new bytes(length);
            for (uint256 i = 0; i < length; ++i) {
                data[i] = 0xee;
            }
            assertRefused(issuer, data, invalidLength(length));
        }
    }

    function testFuzz_AnchorsAnySeal(bytes32 seal) public {
        vm.assume(seal != 0 && seal != SEAL);
        (bool success,) = raw(issuer, abi.encode(seal));
        vm.assume(success || !isSelector(bytes4(seal)));
        vm.assertTrue(success, "refused");
        assertAnchor(seal, NOW, 2);
    }

    /// @dev Solidity dispatches by the first four bytes whatever the length, so a seal that begins
    /// with a selector never reaches the fallback. It must not seem to have been anchored.
    function testFuzz_RevertWhen_SealBeginsWithSelector(bytes28 tail) public {
        bytes4[] memory selectors = selectorsOfAbi();
        for (uint256 i = 0; i < selectors.length; ++i) {
            bytes32 seal = bytes32(bytes.concat(selectors[i], tail));
            (bool success,) = raw(issuer, abi.encode(seal));
            vm.assertFalse(success, "a function swallowed a seal");
            assertNotAnchored(seal);
        }
    }

    function test_SealThatBeginsWithSelectorAnchorsByAnchor() public {
        bytes4[] memory selectors = selectorsOfAbi();
        for (uint256 i = 0; i < selectors.length; ++i) {
            vm.prank(issuer);
            registry.anchor(issuer, bytes32(selectors[i]));
        }
        vm.assertEq(anchorCount(issuer), 1 + selectors.length);
    }

    function isSelector(bytes4 candidate) internal view returns (bool) {
        bytes4[] memory selectors = selectorsOfAbi();
        for (uint256 i = 0; i < selectors.length; ++i) {
            if (selectors[i] == candidate) return true;
        }
        return false;
    }

    function selectorsOfAbi() internal view returns (bytes4[] memory selectors) {
        string[] memory signatures = vm.parseJsonKeys(vm.readFile(ARTIFACT), ".methodIdentifiers");
        vm.assertEq(signatures.length, 15, "functions of the contract");
        selectors = new bytes4[](signatures.length);
        for (uint256 i = 0; i < signatures.length; ++i) {
            selectors[i] = bytes4(keccak256(bytes(signatures[i])));
        }
    }
}

contract Eip712DomainTest is RegistryTest {
    function test_NamesTheDomain() public view {
        (
            bytes1 fields,
            string memory name,
            string memory version,
            uint256 chainId,
            address verifyingContract,
            bytes32 salt,
            uint256[] memory extensions
        ) = registry.eip712Domain();
        vm.assertEq(bytes32(fields), bytes32(hex"0f"));
        vm.assertEq(name, "CredentialRegistry");
        vm.assertEq(version, "1");
        vm.assertEq(chainId, block.chainid);
        vm.assertEq(verifyingContract, address(registry));
        vm.assertEq(salt, 0);
        vm.assertEq(extensions.length, 0);
    }

    function testFuzz_RevertWhen_AnythingFollowsTheSelector(bytes calldata tail) public {
        vm.assume(tail.length != 0);
        (bool success, bytes memory answer) = address(registry).call(bytes.concat(registry.eip712Domain.selector, tail));
        vm.assertFalse(success, "answered");
        vm.assertEq(
            answer,
            abi.encodeWithSelector(ICredentialRegistry.CredentialRegistryInvalidCalldata.selector, 4 + tail.length)
        );
    }
}
