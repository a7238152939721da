// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {SealedTree} from "../src/SealedTree.sol";
import {ReferenceTree} from "./ReferenceTree.sol";
import {Vm} from "./Vm.sol";

/// @dev The assembly walk against its plain twin, and its manners within its own contract.
contract SealedTreeTest {
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
    address internal constant SHA256_PRECOMPILE = address(2);
    bytes32 internal constant HASH = keccak256("credential hash");
    bytes32 internal constant SALT = keccak256("salt");

    /// @dev External, so that siblings are calldata as in the registry.
    function walk(bytes32 credentialHash, bytes32 salt, uint64 index, uint64 size, bytes32[] calldata siblings)
        external
        view
        returns (bool wellFormed, bytes32 seal)
    {
        return SealedTree.sealFromProof(credentialHash, salt, index, size, siblings);
    }

    function assertAgree(bytes32 hash, bytes32 salt, uint64 index, uint64 size, bytes32[] memory siblings)
        internal
        view
        returns (bool)
    {
        (bool wellFormed, bytes32 seal) = this.walk(hash, salt, index, size, siblings);
        (bool expectedWellFormed, bytes32 expectedSeal) = ReferenceTree.sealFromProof(hash, salt, index, size, siblings);
        vm.assertTrue(wellFormed == expectedWellFormed, "wellFormed");
        vm.assertEq(seal, expectedSeal, "seal");
        return wellFormed;
    }

    function randomWords(uint256 seed, uint256 count) internal pure returns (bytes32[] memory words) {
        words = new bytes32[](count);
        for (uint256 i = 0; i < count; ++i) {
            words[i] = keccak256(abi.encode(seed, i));
        }
    }

    function test_AgreesWithTwinForEverySmallShape() public view {
        uint256 wellFormed = 0;
        for (uint64 size = 0; size <= 18; ++size) {
            for (uint64 index = 0; index <= size; ++index) {
                for (uint256 length = 0; length <= 6; ++length) {
                    if (assertAgree(HASH, SALT, index, size, randomWords(length, length))) ++wellFormed;
                }
            }
        }
        // One length for each of the 1 + 2 + … + 18 leaves.
        vm.assertEq(wellFormed, 171);
    }

    /// @dev Sizes of every magnitude, lengths right, one off, and anything.
    function testFuzz_AgreesWithTwin(
        bytes32 hash,
        bytes32 salt,
        uint64 index,
        uint64 size,
        uint8 magnitude,
        uint8 choice,
        uint256 seed
    ) public view {
        size = size >> (magnitude % 64);
        if (size != 0 && choice % 8 != 0) index = index % size;
        uint256 length = index < size ? ReferenceTree.pathLength(index, size) : choice % 65;
        assertAgree(hash, salt, index, size, randomWords(seed, length));
        assertAgree(hash, salt, index, size, randomWords(seed, length + 1));
        if (length > 0) assertAgree(hash, salt, index, size, randomWords(seed, length - 1));
        assertAgree(hash, salt, index, size, randomWords(seed, choice % 70));
    }

    function testFuzz_ReachesTheSealOfARealTree(uint256 seed, uint8 size, uint8 index) public view {
        size = 1 + size % 70;
        index = index % size;
        bytes32[] memory leaves = randomWords(seed, size);
        leaves[index] = ReferenceTree.hashPair(SALT, HASH);
        (bool wellFormed, bytes32 seal) = this.walk(HASH, SALT, index, size, ReferenceTree.path(leaves, index));
        vm.assertTrue(wellFormed, "wellFormed");
        vm.assertEq(seal, ReferenceTree.sealOf(leaves));
    }

    function test_ExtremeShapes() public view {
        uint64 max = type(uint64).max;
        vm.assertTrue(assertAgree(HASH, SALT, 0, max, randomWords(1, 64)), "first of the largest tree");
        vm.assertTrue(assertAgree(HASH, SALT, max - 1, max, randomWords(1, 63)), "last of the largest tree");
        vm.assertTrue(assertAgree(HASH, SALT, 1 << 63, (1 << 63) + 1, randomWords(1, 1)), "promoted 63 times");
        vm.assertTrue(!assertAgree(HASH, SALT, max, max, randomWords(1, 64)), "beyond the largest tree");
        vm.assertTrue(!assertAgree(HASH, SALT, 0, 0, new bytes32[](0)), "of an empty tree");
    }

    /// @dev Neither the free memory pointer, nor the zero slot, nor anything allocated is touched.
    function testFuzz_LeavesMemoryAlone(bytes calldata stored, uint64 index, uint64 size, uint256 seed) public view {
        size = uint64(1 + size % 1e6);
        index = index % size;
        this.walkAmongMemory(stored, index, size, randomWords(seed, ReferenceTree.pathLength(index, size)));
    }

    function walkAmongMemory(bytes calldata stored, uint64 index, uint64 size, bytes32[] calldata siblings)
        external
        view
    {
        bytes memory copy = stored;
        (uint256 freeBefore, bytes32 beyondBefore,) = memoryMarks();
        (bool wellFormed,) = SealedTree.sealFromProof(HASH, SALT, index, size, siblings);
        (uint256 freeAfter, bytes32 beyondAfter, uint256 zeroSlot) = memoryMarks();
        vm.assertTrue(wellFormed, "wellFormed");
        vm.assertEq(freeAfter, freeBefore, "free memory pointer");
        vm.assertEq(beyondAfter, beyondBefore, "free memory");
        vm.assertEq(zeroSlot, 0, "zero slot");
        vm.assertEq(keccak256(copy), keccak256(stored), "allocated memory");
    }

    function memoryMarks() internal pure returns (uint256 free, bytes32 beyond, uint256 zeroSlot) {
        assembly ("memory-safe") {
            free := mload(0x40)
            beyond := mload(free)
            zeroSlot := mload(0x60)
        }
    }

    function test_RevertWhen_PrecompileFails() public {
        vm.mockCallRevert(SHA256_PRECOMPILE, "", "");
        vm.expectRevert("");
        this.walk(HASH, SALT, 0, 1, new bytes32[](0));
    }

    function test_RevertWhen_PrecompileAnswersNothing() public {
        vm.mockCall(SHA256_PRECOMPILE, "", "");
        vm.expectRevert("");
        this.walk(HASH, SALT, 0, 1, new bytes32[](0));
    }

    /// @dev Lack of gas is not a bad proof: whatever is answered at all is the right answer.
    function test_ShortOfGasNeverAnswersWrongly() public view {
        bytes32[] memory siblings = randomWords(1, 20);
        (, bytes32 expected) = this.walk(HASH, SALT, 5, 1 << 20, siblings);
        uint256 answered = 0;
        for (uint256 gasLimit = 500; gasLimit < 12_000; gasLimit += 7) {
            try this.walk{gas: gasLimit}(HASH, SALT, 5, 1 << 20, siblings) returns (bool wellFormed, bytes32 seal) {
                vm.assertTrue(wellFormed, "wellFormed");
                vm.assertEq(seal, expected);
                ++answered;
            } catch {}
        }
        vm.assertTrue(answered > 100 && answered < 1500, "the limits lie on both sides of what is needed");
    }
}
