// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title Seals computed from inclusion proofs.
/// @dev leaf = SHA-256(salt || credential hash); node = SHA-256(left || right), a node without a
/// right sibling moving up unchanged; seal = SHA-256(Merkle root || tree size as uint256).
/// See docs/formats.md.
library SealedTree {
    /// @notice Seal to which a proof leads, or `wellFormed` false if no tree of `treeSize` leaves
    /// has a path of this length from the leaf at `leafIndex`.
    /// @dev Length and directions come from index and size alone. The size is hashed into the seal,
    /// so a seal admits one shape only, and an inner node can never pass for a leaf.
    function sealFromProof(
        bytes32 credentialHash,
        bytes32 salt,
        uint64 leafIndex,
        uint64 treeSize,
        bytes32[] calldata siblings
    ) internal view returns (bool wellFormed, bytes32 seal) {
        if (leafIndex >= treeSize) return (false, 0);

        // Memory safety: only the scratch space 0x00-0x3f is written, by whole words.
        // Bounds: siblings are read at `used` < siblings.length only, which calldata decoding has
        // checked to lie within calldata; `last` < 2^64 halves each turn, so there are at most 64.
        // Underflow: treeSize > leafIndex >= 0, so `last` = treeSize - 1 >= leafIndex.
        assembly ("memory-safe") {
            // Hash of scratch space. The size of the answer is checked too, because a call to a
            // missing precompile succeeds and would leave the old word in place of a hash. A failed
            // call can only be lack of gas, which must not read as a bad proof: revert.
            function hashPair(left, right) -> digest {
                mstore(0x00, left)
                mstore(0x20, right)
                // Yul evaluates arguments from right to left: the call comes first.
                if iszero(and(eq(returndatasize(), 0x20), staticcall(gas(), 0x02, 0x00, 0x40, 0x00, 0x20))) {
                    revert(0x00, 0x00)
                }
                digest := mload(0x00)
            }

            let node := hashPair(salt, credentialHash)
            let index := leafIndex
            let last := sub(treeSize, 1) // index of the last node of this level
            let used := 0
            wellFormed := 1

            for {} last {} {
                let isRight := and(index, 1)
                // A left node at the end of its level has no sibling and moves up unchanged.
                if or(isRight, lt(index, last)) {
                    if eq(used, siblings.length) {
                        wellFormed := 0
                        break
                    }
                    let sibling := calldataload(add(siblings.offset, shl(5, used)))
                    used := add(used, 1)
                    switch isRight
                    case 0 { node := hashPair(node, sibling) }
                    default { node := hashPair(sibling, node) }
                }
                index := shr(1, index)
                last := shr(1, last)
            }

            wellFormed := and(wellFormed, eq(used, siblings.length))
            if wellFormed { seal := hashPair(node, treeSize) }
        }
    }
}
