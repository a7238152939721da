// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @dev The sealed tree by its definition, plainly and slowly. Shares nothing with `SealedTree`.
library ReferenceTree {
    /// @dev Twin of `SealedTree.sealFromProof`: the same question answered by recursion from the
    /// root down, where a subtree of n > 1 leaves splits at the largest power of two below n.
    function sealFromProof(
        bytes32 credentialHash,
        bytes32 salt,
        uint64 leafIndex,
        uint64 treeSize,
        bytes32[] memory siblings
    ) internal pure returns (bool wellFormed, bytes32 seal) {
        if (leafIndex >= treeSize || siblings.length != pathLength(leafIndex, treeSize)) {
            return (false, 0);
        }
        bytes32 leaf = hashPair(salt, credentialHash);
        return
            (
                true,
                hashPair(_rootFrom(leaf, leafIndex, treeSize, siblings, siblings.length), bytes32(uint256(treeSize)))
            );
    }

    function hashPair(bytes32 left, bytes32 right) internal pure returns (bytes32) {
        return sha256(abi.encodePacked(left, right));
    }

    function sealOf(bytes32[] memory leaves) internal pure returns (bytes32) {
        return hashPair(root(leaves, 0, leaves.length), bytes32(leaves.length));
    }

    /// @dev Merkle tree hash of leaves[start..start+size], RFC 9162 §2.1.1 without prefixes.
    function root(bytes32[] memory leaves, uint256 start, uint256 size) internal pure returns (bytes32) {
        if (size == 1) return leaves[start];
        uint256 split = splitOf(size);
        return hashPair(root(leaves, start, split), root(leaves, start + split, size - split));
    }

    /// @dev Inclusion path from the leaf's sibling up, RFC 9162 §2.1.3.1.
    function path(bytes32[] memory leaves, uint256 index) internal pure returns (bytes32[] memory siblings) {
        siblings = new bytes32[](pathLength(index, leaves.length));
        uint256 start = 0;
        uint256 size = leaves.length;
        for (uint256 i = siblings.length; i > 0; --i) {
            uint256 split = splitOf(size);
            if (index - start < split) {
                siblings[i - 1] = root(leaves, start + split, size - split);
                size = split;
            } else {
                siblings[i - 1] = root(leaves, start, split);
                (start, size) = (start + split, size - split);
            }
        }
    }

    function pathLength(uint256 index, uint256 size) internal pure returns (uint256) {
        if (size == 1) return 0;
        uint256 split = splitOf(size);
        return 1 + (index < split ? pathLength(index, split) : pathLength(index - split, size - split));
    }

    /// @dev The largest power of two below `size`.
    function splitOf(uint256 size) internal pure returns (uint256 split) {
        split = 1;
        while (split * 2 < size) {
            split *= 2;
        }
    }

    function _rootFrom(bytes32 leaf, uint256 index, uint256 size, bytes32[] memory siblings, uint256 used)
        private
        pure
        returns (bytes32)
    {
        if (size == 1) return leaf;
        uint256 split = splitOf(size);
        bytes32 sibling = siblings[used - 1];
        if (index < split) return hashPair(_rootFrom(leaf, index, split, siblings, used - 1), sibling);
        return hashPair(sibling, _rootFrom(leaf, index - split, size - split, siblings, used - 1));
    }
}
