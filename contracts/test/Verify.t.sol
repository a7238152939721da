// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ICredentialRegistry} from "../src/ICredentialRegistry.sol";
import {ReferenceTree} from "./ReferenceTree.sol";
import {RegistryTest} from "./RegistryTest.sol";

/// @dev Verdicts and their order, on a tree of eleven leaves. Proofs as such: see `Vectors.t.sol`.
contract VerifyTest is RegistryTest {
    ICredentialRegistry.Verdict internal constant NOT_ANCHORED = ICredentialRegistry.Verdict.NotAnchored;
    ICredentialRegistry.Verdict internal constant NOT_INCLUDED = ICredentialRegistry.Verdict.NotIncluded;
    ICredentialRegistry.Verdict internal constant VALID = ICredentialRegistry.Verdict.Valid;

    bytes32 internal constant HASH = keccak256("credential hash");
    bytes32 internal constant SALT = keccak256("salt");
    uint64 internal constant INDEX = 6;
    uint64 internal constant SIZE = 11;

    bytes32[] internal siblings;
    bytes32 internal seal;

    function setUp() public override {
        super.setUp();
        bytes32[] memory leaves = new bytes32[](SIZE);
        for (uint256 i = 0; i < SIZE; ++i) {
            leaves[i] = keccak256(abi.encode(i));
        }
        leaves[INDEX] = ReferenceTree.hashPair(SALT, HASH);
        siblings = ReferenceTree.path(leaves, INDEX);
        seal = ReferenceTree.sealOf(leaves);
        vm.prank(issuer);
        registry.anchor(issuer, seal);
    }

    function setStatuses(ICredentialRegistry.Status whole, ICredentialRegistry.Status own) internal {
        vm.prank(issuer);
        registry.setSealStatus(issuer, seal, whole, 0);
        vm.prank(issuer);
        registry.setCredentialStatus(issuer, seal, list(INDEX), own, 0);
    }

    function assertVerdict(address of_, bytes32 seal_, bytes32 hash, ICredentialRegistry.Verdict expected)
        internal
        view
    {
        ICredentialRegistry.Verdict found = registry.verify(of_, seal_, hash, SALT, INDEX, SIZE, siblings);
        vm.assertEq(uint8(found), uint8(expected), "verdict");
    }

    function test_ValidIsNotTheDefaultValue() public pure {
        ICredentialRegistry.Verdict forgotten;
        vm.assertTrue(forgotten != VALID, "default");
    }

    function test_Valid() public view {
        assertVerdict(issuer, seal, HASH, VALID);
    }

    function test_NotAnchoredComesBeforeNotIncluded() public view {
        assertVerdict(issuer, NEW_SEAL, HASH, NOT_ANCHORED);
        assertVerdict(issuer, NEW_SEAL, "changed", NOT_ANCHORED);
        assertVerdict(issuer, 0, HASH, NOT_ANCHORED);
    }

    function test_NotAnchoredByThisIssuer() public view {
        assertVerdict(stranger, seal, HASH, NOT_ANCHORED);
    }

    function test_NotAnchoredThoughStatusesAreSet() public {
        vm.prank(stranger);
        registry.setCredentialStatus(stranger, seal, list(INDEX), REVOKED, 0);
        assertVerdict(stranger, seal, HASH, NOT_ANCHORED);
    }

    function test_NotIncludedComesBeforeStatus() public {
        setStatuses(REVOKED, REVOKED);
        assertVerdict(issuer, seal, "changed", NOT_INCLUDED);
        assertVerdict(issuer, SEAL, HASH, NOT_INCLUDED);
    }

    /// @dev The worse of credential and seal, for each of the nine pairs.
    function test_StatusIsTheWorseOfOwnAndSeals() public {
        ICredentialRegistry.Verdict[3] memory verdicts =
            [VALID, ICredentialRegistry.Verdict.Suspended, ICredentialRegistry.Verdict.Revoked];
        for (uint8 own = 0; own < 3; ++own) {
            setStatuses(ACTIVE, ICredentialRegistry.Status(own));
            assertVerdict(issuer, seal, HASH, verdicts[own]);
            if (own == 2) continue;
            setStatuses(SUSPENDED, ICredentialRegistry.Status(own));
            assertVerdict(issuer, seal, HASH, verdicts[1]);
        }
        setStatuses(SUSPENDED, REVOKED);
        assertVerdict(issuer, seal, HASH, verdicts[2]);
    }

    function test_SealRevokedRevokesAll() public {
        setStatuses(REVOKED, ACTIVE);
        assertVerdict(issuer, seal, HASH, ICredentialRegistry.Verdict.Revoked);
        setStatuses(REVOKED, SUSPENDED);
        assertVerdict(issuer, seal, HASH, ICredentialRegistry.Verdict.Revoked);
    }

    function test_NeighboursStatusDoesNotMatter() public {
        vm.prank(issuer);
        registry.setCredentialStatus(issuer, seal, list(INDEX - 1, INDEX + 1, INDEX + 128), REVOKED, 0);
        assertVerdict(issuer, seal, HASH, VALID);
    }

    function test_OutlivesOwnersAndOperators() public {
        transferToNewOwner();
        vm.warp(NOW + 36_500 days);
        assertVerdict(issuer, seal, HASH, VALID);
    }

    function testFuzz_AnyEvidenceGetsAVerdict(
        bytes32 hash,
        bytes32 salt,
        uint64 index,
        uint64 size,
        bytes32[] calldata path
    ) public view {
        ICredentialRegistry.Verdict found = registry.verify(issuer, seal, hash, salt, index, size, path);
        vm.assertEq(uint8(found), uint8(NOT_INCLUDED), "verdict");
    }

    function testFuzz_OtherIndexOrSizeIsNotIncluded(uint64 index, uint64 size) public view {
        vm.assume(index != INDEX || size != SIZE);
        ICredentialRegistry.Verdict found = registry.verify(issuer, seal, HASH, SALT, index, size, siblings);
        vm.assertEq(uint8(found), uint8(NOT_INCLUDED), "any");
        found = registry.verify(issuer, seal, HASH, SALT, index % 32, size % 32, siblings);
        bool same = index % 32 == INDEX && size % 32 == SIZE;
        vm.assertEq(uint8(found), uint8(same ? VALID : NOT_INCLUDED), "near");
    }
}
