// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ICredentialRegistry} from "../src/ICredentialRegistry.sol";
import {RegistryTest} from "./RegistryTest.sol";

/// @dev The vectors that every implementation shares, each proof right and damaged in every way.
contract VectorsTest is RegistryTest {
    struct Proof {
        bytes32 seal;
        bytes32 credentialHash;
        bytes32 salt;
        uint64 leafIndex;
        uint64 treeSize;
        bytes32[] siblings;
    }

    string internal constant FILE = "tests/vectors/sealed_trees.json";
    uint256 internal constant TREES = 19;

    function test_EveryReceiptIsValidAndNoneOfItsDamagedCopies() public {
        uint256 trees = 0;
        uint256 receipts = 0;
        for (; this.has(tree(trees)); ++trees) {
            Proof[] memory proofs = proofsOf(trees);
            vm.prank(issuer);
            registry.anchor(issuer, proofs[0].seal);
            for (uint256 i = 0; i < proofs.length; ++i) {
                assertValid(proofs[i]);
                assertDamagedIsNotIncluded(proofs[i]);
                assertNeighboursProofIsNotIncluded(proofs[i], proofs[(i + 1) % proofs.length]);
                assertInnerNodeIsNoLeaf(proofs[i]);
            }
            receipts += proofs.length;
        }
        vm.assertEq(trees, TREES, "trees");
        vm.assertEq(receipts, 95, "receipts");
    }

    function assertDamagedIsNotIncluded(Proof memory proof) internal view {
        Proof memory damaged = copyOf(proof);
        damaged.credentialHash ^= bytes32(uint256(1));
        assertNotIncluded(damaged, "hash");

        damaged = copyOf(proof);
        damaged.salt ^= bytes32(uint256(1 << 255));
        assertNotIncluded(damaged, "salt");

        damaged = copyOf(proof);
        (damaged.salt, damaged.credentialHash) = (proof.credentialHash, proof.salt);
        assertNotIncluded(damaged, "salt and hash swapped");

        for (uint256 i = 0; i < proof.siblings.length; ++i) {
            damaged = copyOf(proof);
            damaged.siblings[i] ^= bytes32(uint256(1) << (i * 7));
            assertNotIncluded(damaged, "sibling");
        }

        damaged = copyOf(proof);
        damaged.siblings = resized(proof.siblings, proof.siblings.length + 1);
        assertNotIncluded(damaged, "one sibling too many");

        if (proof.siblings.length == 0) return;
        damaged.siblings = resized(proof.siblings, proof.siblings.length - 1);
        assertNotIncluded(damaged, "one sibling too few");
    }

    function test_NoOtherIndexOrSizeIsIncluded() public {
        for (uint256 t = 0; t < TREES; ++t) {
            Proof[] memory proofs = proofsOf(t);
            vm.prank(issuer);
            registry.anchor(issuer, proofs[0].seal);
            Proof memory damaged = copyOf(proofs[proofs.length - 1]);
            (uint64 index, uint64 size) = (damaged.leafIndex, damaged.treeSize);
            for (damaged.treeSize = 0; damaged.treeSize <= size + 1; ++damaged.treeSize) {
                for (damaged.leafIndex = 0; damaged.leafIndex <= size; damaged.leafIndex += size > 40 ? 17 : 1) {
                    if (damaged.leafIndex == index && damaged.treeSize == size) continue;
                    assertNotIncluded(damaged, "index and size");
                }
            }
        }
    }

    function assertNeighboursProofIsNotIncluded(Proof memory proof, Proof memory neighbour) internal view {
        if (proof.leafIndex == neighbour.leafIndex) return;
        Proof memory damaged = copyOf(proof);
        damaged.siblings = neighbour.siblings;
        assertNotIncluded(damaged, "neighbour's siblings");
        damaged.leafIndex = neighbour.leafIndex;
        assertNotIncluded(damaged, "neighbour's whole proof");
        damaged = copyOf(proof);
        damaged.salt = neighbour.salt;
        assertNotIncluded(damaged, "neighbour's salt");
    }

    /// @dev Two sibling leaves offered as salt and hash make their parent pass for a leaf, unless
    /// the size forbids: no index and no size up to the tree's own may let it in.
    function assertInnerNodeIsNoLeaf(Proof memory proof) internal view {
        if (proof.siblings.length == 0 || proof.treeSize > 17) return;
        bytes32 leaf = sha256(abi.encodePacked(proof.salt, proof.credentialHash));
        bool isLeft = proof.leafIndex % 2 == 0;
        Proof memory inner = copyOf(proof);
        inner.salt = isLeft ? leaf : proof.siblings[0];
        inner.credentialHash = isLeft ? proof.siblings[0] : leaf;
        inner.siblings = resized(proof.siblings, proof.siblings.length - 1);
        for (uint256 i = 1; i < proof.siblings.length; ++i) {
            inner.siblings[i - 1] = proof.siblings[i];
        }
        for (inner.treeSize = 1; inner.treeSize <= proof.treeSize; ++inner.treeSize) {
            for (inner.leafIndex = 0; inner.leafIndex < inner.treeSize; ++inner.leafIndex) {
                assertNotIncluded(inner, "inner node");
            }
        }
    }

    function assertValid(Proof memory proof) internal view {
        vm.assertEq(uint8(verdictOf(proof)), uint8(ICredentialRegistry.Verdict.Valid), "genuine");
    }

    function assertNotIncluded(Proof memory proof, string memory what) internal view {
        vm.assertEq(uint8(verdictOf(proof)), uint8(ICredentialRegistry.Verdict.NotIncluded), what);
    }

    function verdictOf(Proof memory proof) internal view returns (ICredentialRegistry.Verdict) {
        return registry.verify(
            issuer, proof.seal, proof.credentialHash, proof.salt, proof.leafIndex, proof.treeSize, proof.siblings
        );
    }

    function proofsOf(uint256 t) internal view returns (Proof[] memory proofs) {
        uint256 count = 0;
        while (this.has(receipt(t, count))) {
            ++count;
        }
        vm.assertTrue(count != 0, "a tree without receipts");
        proofs = new Proof[](count);
        for (uint256 i = 0; i < count; ++i) {
            proofs[i] = this.proofOf(t, i);
        }
    }

    /// @dev External, as is `proofOf`: copies of the file are forgotten with the frame.
    function has(string calldata key) external view returns (bool) {
        return vm.keyExistsJson(vm.readFile(FILE), key);
    }

    function proofOf(uint256 t, uint256 i) external view returns (Proof memory proof) {
        string memory json = vm.readFile(FILE);
        proof.seal = word(vm.parseJsonString(json, string.concat(tree(t), ".seal")));
        proof.credentialHash = word(vm.parseJsonString(json, string.concat(receipt(t, i), ".credentialHash")));
        proof.salt = word(vm.parseJsonString(json, string.concat(receipt(t, i), ".salt")));
        proof.leafIndex = uint64(vm.parseJsonUint(json, string.concat(receipt(t, i), ".leafIndex")));
        proof.treeSize = uint64(vm.parseJsonUint(json, string.concat(tree(t), ".treeSize")));
        string[] memory siblings = vm.parseJsonStringArray(json, string.concat(receipt(t, i), ".siblings"));
        proof.siblings = new bytes32[](siblings.length);
        for (uint256 s = 0; s < siblings.length; ++s) {
            proof.siblings[s] = word(siblings[s]);
        }
    }

    function tree(uint256 t) internal pure returns (string memory) {
        return string.concat(".trees[", vm.toString(t), "]");
    }

    function receipt(uint256 t, uint256 i) internal pure returns (string memory) {
        return string.concat(tree(t), ".receipts[", vm.toString(i), "]");
    }

    /// @dev The file writes hex without 0x.
    function word(string memory hexDigits) internal pure returns (bytes32) {
        return vm.parseBytes32(string.concat("0x", hexDigits));
    }

    function copyOf(Proof memory proof) internal pure returns (Proof memory) {
        return Proof({
            seal: proof.seal,
            credentialHash: proof.credentialHash,
            salt: proof.salt,
            leafIndex: proof.leafIndex,
            treeSize: proof.treeSize,
            siblings: resized(proof.siblings, proof.siblings.length)
        });
    }

    function resized(bytes32[] memory original, uint256 length) internal pure returns (bytes32[] memory copy) {
        copy = new bytes32[](length);
        for (uint256 i = 0; i < length && i < original.length; ++i) {
            copy[i] = original[i];
        }
    }
}
