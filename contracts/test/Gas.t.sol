// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ICredentialRegistry, ROLE_ANCHOR} from "../src/ICredentialRegistry.sol";
import {ReferenceTree} from "./ReferenceTree.sol";
import {RegistryTest} from "./RegistryTest.sol";

/// @dev Gas of whole transactions, as a receipt shows it: isolation makes each call from a test a
/// transaction of its own, with its 21,000, its calldata and cold storage. The figures are kept in
/// contracts/snapshots/Gas.json, where a change fails, and none may pass its limit in the design.
/// Steady state: the issuer has anchored before. Operators are appointed, seals and addresses are
/// random, and so almost without zero bytes.
/// forge-config: default.isolate = true
contract GasTest is RegistryTest {
    string internal constant GROUP = "Gas";

    /// @dev Records the last call.
    function record(string memory name, uint256 limit) internal {
        vm.assertLe(vm.snapshotGasLastCall(GROUP, name), limit, name);
    }

    /// @dev Records the last call, for each of its hundred credentials too.
    function recordHundred(string memory name, uint256 limitOfEach) internal {
        uint256 each = vm.snapshotGasLastCall(GROUP, name) / 100;
        vm.snapshotValue(GROUP, string.concat(name, ", each"), each);
        vm.assertLe(each, limitOfEach, name);
    }

    function test_AnchorByOwner() public {
        vm.prank(issuer);
        registry.anchor(issuer, NEW_SEAL);
        record("anchor by owner", 53_500);
    }

    function test_AnchorByOperator() public {
        vm.prank(anchorOperator);
        registry.anchor(issuer, NEW_SEAL);
        record("anchor by operator", 56_000);
    }

    function test_AnchorRaw() public {
        bytes memory data = abi.encode(NEW_SEAL);
        vm.prank(issuer);
        (bool success,) = address(registry).call(data);
        record("anchor by raw seal", 52_500);
        vm.assertTrue(success, "refused");
    }

    function test_AnchorBySignature() public {
        uint256 deadline = NOW + 1 hours;
        (, string memory name, string memory version, uint256 chainId, address verifier,,) = registry.eip712Domain();
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256(bytes(name)),
                keccak256(bytes(version)),
                chainId,
                verifier
            )
        );
        bytes32 content = keccak256(
            abi.encode(keccak256("Anchor(address issuer,bytes32 seal,uint256 deadline)"), issuer, NEW_SEAL, deadline)
        );
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(ISSUER_KEY, keccak256(abi.encodePacked(hex"1901", domain, content)));
        bytes memory signature = abi.encodePacked(r, s, v);
        vm.prank(stranger);
        registry.anchorWithSignature(issuer, NEW_SEAL, deadline, issuer, signature);
        record("anchor by signature", 62_000);
    }

    function setStatus(uint64[] memory indexes, ICredentialRegistry.Status status) internal {
        vm.prank(issuer);
        registry.setCredentialStatus(issuer, SEAL, indexes, status, 9);
    }

    /// @dev Indexes of three bytes, as in a batch of a million.
    function test_StatusOfOne() public {
        setStatus(list(1_000_000), REVOKED);
        record("status of one credential", 52_000);
        setStatus(list(1_000_001), REVOKED);
        record("status of the next in its slot", 35_000);
    }

    function test_SuspensionAndReinstatementOfOne() public {
        setStatus(list(1_000_000), SUSPENDED);
        record("suspension of one credential", 52_000);
        setStatus(list(1_000_000), ACTIVE);
        record("reinstatement of one credential", 35_000);
    }

    function test_StatusOfSeal() public {
        vm.prank(issuer);
        registry.setSealStatus(issuer, SEAL, REVOKED, 9);
        record("status of a seal", 35_000);
    }

    function test_StatusOfHundredContiguous() public {
        uint64[] memory indexes = new uint64[](100);
        for (uint64 i = 0; i < 100; ++i) {
            indexes[i] = 5000 + i;
        }
        setStatus(indexes, REVOKED);
        recordHundred("status of 100 contiguous", 2000);
    }

    /// @dev Leaves are sorted by hash, so credentials that are revoked lie in a batch at random.
    function test_StatusOfHundredSpread() public {
        uint64[] memory indexes = spread(100, 10_000);
        setStatus(indexes, REVOKED);
        recordHundred("status of 100 spread over 10,000", 15_000);
    }

    /// @dev `count` indexes below `size`, drawn at random without repetition, ascending.
    function spread(uint256 count, uint64 size) internal pure returns (uint64[] memory indexes) {
        indexes = new uint64[](count);
        bool[] memory drawn = new bool[](size);
        for (uint256 seed = 0; count > 0; ++seed) {
            uint256 index = uint256(keccak256(abi.encode(seed))) % size;
            if (drawn[index]) continue;
            drawn[index] = true;
            --count;
        }
        for (uint64 index = 0; index < size; ++index) {
            if (drawn[index]) indexes[count++] = index;
        }
    }

    /// @dev A view is no transaction even in isolation: this is execution alone, with cold storage.
    function test_Verify() public {
        bytes32[] memory siblings = new bytes32[](20);
        for (uint256 i = 0; i < siblings.length; ++i) {
            siblings[i] = keccak256(abi.encode(i));
        }
        (bytes32 hash, bytes32 salt, uint64 index, uint64 size) =
            (keccak256("hash"), keccak256("salt"), 699_050, 1 << 20);
        (, bytes32 seal) = ReferenceTree.sealFromProof(hash, salt, index, size, siblings);
        vm.prank(issuer);
        registry.anchor(issuer, seal);
        ICredentialRegistry.Verdict verdict = registry.verify(issuer, seal, hash, salt, index, size, siblings);
        record("verify among 2^20 leaves, execution", 14_000);
        vm.assertTrue(verdict == ICredentialRegistry.Verdict.Valid, "verdict");
    }

    function test_Rest() public {
        vm.prank(issuer);
        registry.setOperator(issuer, stranger, ROLE_ANCHOR, EXPIRY);
        record("setOperator", 52_000);
        vm.prank(issuer);
        registry.transferIssuer(issuer, newOwner);
        record("transferIssuer", 50_000);
        vm.prank(newOwner);
        registry.acceptIssuer(issuer);
        record("acceptIssuer", 35_000);
        vm.prank(newOwner);
        registry.setProfile(issuer, "https://university.example/.well-known/did.json");
        record("setProfile", 30_000);
    }

    function test_FirstAnchorOfAnIssuer() public {
        vm.prank(stranger);
        registry.anchor(stranger, NEW_SEAL);
        record("first anchor of an issuer", 70_600);
    }
}
