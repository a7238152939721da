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
        // Bounds: `last` is treeSize - 1 >= leafIndex >= 0, and as it starts below 2^64 and halves at
        // each level, there are at most 64. A proof that is too short makes the walk read past it,
        // which is harmless: calldata reads cannot fail, and the count at the end refuses the proof.
        assembly ("memory-safe") {
            // Each call of the precompile hashes scratch space to its first word, where the node is.
            mstore(0x00, salt)
            mstore(0x20, credentialHash)
            let ok := staticcall(gas(), 0x02, 0x00, 0x40, 0x00, 0x20)

            let cursor := siblings.offset
            let index := leafIndex
            for { let last := sub(treeSize, 1) } last { last := shr(1, last) } {
                let place := shl(5, and(index, 1)) // 0x00 for a left node, 0x20 for a right one
                // A left node at the end of its level has no sibling and moves up unchanged.
                if or(place, lt(index, last)) {
                    mstore(place, mload(0x00))
                    mstore(xor(place, 0x20), calldataload(cursor))
                    ok := and(ok, staticcall(gas(), 0x02, 0x00, 0x40, 0x00, 0x20))
                    cursor := add(cursor, 0x20)
                }
                index := shr(1, index)
            }

            mstore(0x20, treeSize)
            ok := and(ok, staticcall(gas(), 0x02, 0x00, 0x40, 0x00, 0x20))
            // A call fails for lack of gas, which must not read as a bad proof. Where the precompile
            // is missing, all succeed and answer nothing, so that the last one stands for all.
            if iszero(and(ok, eq(returndatasize(), 0x20))) { revert(0x00, 0x00) }

            wellFormed := eq(cursor, add(siblings.offset, shl(5, siblings.length)))
            seal := mul(wellFormed, mload(0x00))
        }
    }
}
