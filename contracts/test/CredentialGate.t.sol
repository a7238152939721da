// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {CredentialGate} from "../src/examples/CredentialGate.sol";
import {ICredentialRegistry} from "../src/ICredentialRegistry.sol";
import {ReferenceTree} from "./ReferenceTree.sol";
import {RegistryTest} from "./RegistryTest.sol";
import {SharedCases} from "./SharedCases.sol";

/// @dev The pass of the shared cases, written out.
library Pass {
    bytes internal constant PREFIX =
        '{"@context":["https://www.w3.org/ns/credentials/v2"],"credentialSubject":{"id":"did:pkh:eip155:31337:';
    bytes internal constant SUFFIX = '"},"issuer":"https://example.com/issuers/1","name":"Laboratory pass",'
        '"type":["VerifiableCredential"]}';
}

abstract contract GateTest is RegistryTest {
    struct Proof {
        address issuer;
        bytes32 seal;
        bytes32 salt;
        uint64 leafIndex;
        uint64 treeSize;
        bytes32[] siblings;
    }

    address internal holder = 0x90F79bf6EB2c4f870365E785982E1f101E93b906;
    address internal other = 0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65;
    CredentialGate internal gate;

    function gateOf(address trusted) internal returns (CredentialGate) {
        address[] memory issuers = new address[](1);
        issuers[0] = trusted;
        return new CredentialGate(registry, issuers, Pass.PREFIX, Pass.SUFFIX);
    }

    /// @dev Anchors a tree of `passes`, padded to five leaves, and gives the proof of one of them.
    function anchored(address of_, bytes32 passHash, bytes32 salt, uint64 index) internal returns (Proof memory) {
        bytes32[] memory leaves = new bytes32[](5);
        for (uint256 i = 0; i < leaves.length; ++i) {
            leaves[i] = keccak256(abi.encode(of_, salt, i));
        }
        leaves[index] = ReferenceTree.hashPair(salt, passHash);
        bytes32 seal = ReferenceTree.sealOf(leaves);
        vm.prank(of_);
        registry.anchor(of_, seal);
        return Proof(of_, seal, salt, index, 5, ReferenceTree.path(leaves, index));
    }

    function enter(address caller, Proof memory proof) internal {
        vm.prank(caller);
        gate.enter(proof.issuer, proof.seal, proof.salt, proof.leafIndex, proof.treeSize, proof.siblings);
    }

    /// @dev Admitted neither before nor after, and told why.
    function assertRefused(address caller, Proof memory proof, ICredentialRegistry.Verdict verdict) internal {
        vm.expectRevert(abi.encodeWithSelector(CredentialGate.CredentialGateNotValid.selector, caller, verdict));
        enter(caller, proof);
        assertAdmitted(caller, false);
    }

    function assertAdmitted(address caller, bool admitted) internal view {
        vm.assertTrue(gate.isAdmitted(caller) == admitted, admitted ? "not admitted" : "admitted");
    }

    function assertEnters(address caller, Proof memory proof) internal {
        vm.expectEmit(true, true, true, true, address(gate));
        emit CredentialGate.HolderAdmitted(caller, proof.issuer, proof.seal, proof.leafIndex);
        enter(caller, proof);
        assertAdmitted(caller, true);
    }
}

contract GateConstructorTest is GateTest {
    function test_TrustsThoseNamedAndNobodyElse() public {
        address[] memory issuers = new address[](2);
        (issuers[0], issuers[1]) = (issuer, newOwner);
        gate = new CredentialGate(registry, issuers, Pass.PREFIX, Pass.SUFFIX);
        vm.assertTrue(gate.isTrusted(issuer) && gate.isTrusted(newOwner), "named");
        vm.assertFalse(gate.isTrusted(stranger) || gate.isTrusted(address(0)), "others");
    }

    function test_RevertWhen_NobodyIsTrusted() public {
        vm.expectRevert(abi.encodeWithSelector(CredentialGate.CredentialGateNoIssuers.selector));
        new CredentialGate(registry, new address[](0), Pass.PREFIX, Pass.SUFFIX);
    }
}

contract GateEnterTest is GateTest {
    ICredentialRegistry.Verdict internal constant NOT_INCLUDED = ICredentialRegistry.Verdict.NotIncluded;

    Proof internal proof;

    function setUp() public override {
        super.setUp();
        gate = gateOf(issuer);
        proof = anchored(issuer, gate.passHashOf(holder), "salt", 2);
    }

    function test_AdmitsTheHolder() public {
        assertAdmitted(holder, false);
        assertEnters(holder, proof);
        assertAdmitted(other, false);
    }

    function test_AdmitsEachHolderByTheirOwnPass() public {
        Proof memory theirs = anchored(issuer, gate.passHashOf(other), "another salt", 4);
        assertEnters(holder, proof);
        assertEnters(other, theirs);
        assertRefused(stranger, theirs, NOT_INCLUDED);
    }

    function test_AdmitsAgain() public {
        assertEnters(holder, proof);
        assertEnters(holder, proof);
    }

    /// @dev What somebody does who sees the holder's transaction before it is mined, or after.
    function test_RevertWhen_ProofIsReplayedByAnother() public {
        assertRefused(stranger, proof, NOT_INCLUDED);
        assertEnters(holder, proof);
        assertRefused(stranger, proof, NOT_INCLUDED);
        assertAdmitted(holder, true);
    }

    function test_RevertWhen_AnotherCredentialOfTheIssuerIsShown() public {
        Proof memory diploma = anchored(issuer, sha256("a diploma"), "salt of a diploma", 1);
        assertRefused(holder, diploma, NOT_INCLUDED);
    }

    function test_RevertWhen_IssuerIsNotTrusted() public {
        Proof memory forged = anchored(stranger, gate.passHashOf(holder), "own salt", 0);
        vm.expectRevert(abi.encodeWithSelector(CredentialGate.CredentialGateUntrustedIssuer.selector, stranger));
        enter(holder, forged);
        assertAdmitted(holder, false);
    }

    function test_RevertWhen_StrangersSealIsNamedAsTheIssuers() public {
        Proof memory forged = anchored(stranger, gate.passHashOf(holder), "own salt", 0);
        forged.issuer = issuer;
        assertRefused(holder, forged, ICredentialRegistry.Verdict.NotAnchored);
    }

    function test_RevertWhen_ProofIsDamaged() public {
        Proof memory damaged = proof;
        damaged.salt ^= bytes32(uint256(1));
        assertRefused(holder, damaged, NOT_INCLUDED);
        damaged = proof;
        damaged.leafIndex = 3;
        assertRefused(holder, damaged, NOT_INCLUDED);
        damaged = proof;
        damaged.treeSize = 6;
        assertRefused(holder, damaged, NOT_INCLUDED);
        damaged = proof;
        damaged.siblings = new bytes32[](0);
        assertRefused(holder, damaged, NOT_INCLUDED);
        damaged = proof;
        damaged.seal = NEW_SEAL;
        assertRefused(holder, damaged, ICredentialRegistry.Verdict.NotAnchored);
    }

    function test_RevertWhen_PassIsWithdrawn() public {
        vm.prank(issuer);
        registry.setCredentialStatus(issuer, proof.seal, list(proof.leafIndex), SUSPENDED, 0);
        assertRefused(holder, proof, ICredentialRegistry.Verdict.Suspended);
        vm.prank(issuer);
        registry.setCredentialStatus(issuer, proof.seal, list(proof.leafIndex), REVOKED, 0);
        assertRefused(holder, proof, ICredentialRegistry.Verdict.Revoked);
    }

    function testFuzz_RevertWhen_CallerIsNotTheHolder(address caller) public {
        vm.assume(caller != holder);
        assertRefused(caller, proof, NOT_INCLUDED);
    }

    function testFuzz_AdmitsAnyHolder(address caller, bytes32 salt, uint8 index) public {
        vm.assume(salt != proof.salt);
        assertEnters(caller, anchored(issuer, gate.passHashOf(caller), salt, index % 5));
    }
}

contract GateIsAdmittedTest is GateTest {
    Proof internal proof;

    function setUp() public override {
        super.setUp();
        gate = gateOf(issuer);
        proof = anchored(issuer, gate.passHashOf(holder), "salt", 2);
        enter(holder, proof);
    }

    function setStatus(ICredentialRegistry.Status status) internal {
        vm.prank(issuer);
        registry.setCredentialStatus(issuer, proof.seal, list(proof.leafIndex), status, 0);
    }

    function test_SuspensionClosesAndReinstatementOpens() public {
        setStatus(SUSPENDED);
        assertAdmitted(holder, false);
        setStatus(ACTIVE);
        assertAdmitted(holder, true);
    }

    function test_RevocationClosesForGood() public {
        setStatus(REVOKED);
        assertAdmitted(holder, false);
        assertRefused(holder, proof, ICredentialRegistry.Verdict.Revoked);
    }

    function test_WithdrawnSealCloses() public {
        vm.prank(issuer);
        registry.setSealStatus(issuer, proof.seal, SUSPENDED, 0);
        assertAdmitted(holder, false);
    }

    function test_NeighboursStatusDoesNotMatter() public {
        vm.prank(issuer);
        registry.setCredentialStatus(issuer, proof.seal, list(proof.leafIndex - 1, proof.leafIndex + 1), REVOKED, 0);
        assertAdmitted(holder, true);
    }

    function test_NewPassOpensAgain() public {
        setStatus(REVOKED);
        assertEnters(holder, anchored(issuer, gate.passHashOf(holder), "new salt", 0));
    }

    /// @dev A refused attempt leaves the admission as it was.
    function test_RefusedAttemptChangesNothing() public {
        Proof memory diploma = anchored(issuer, sha256("a diploma"), "salt of a diploma", 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                CredentialGate.CredentialGateNotValid.selector, holder, ICredentialRegistry.Verdict.NotIncluded
            )
        );
        enter(holder, diploma);
        assertAdmitted(holder, true);
        setStatus(SUSPENDED);
        assertAdmitted(holder, false);
    }

    function testFuzz_NobodyElseIsAdmitted(address caller) public view {
        vm.assume(caller != holder);
        assertAdmitted(caller, false);
    }
}

/// @dev Passes as the other engines know them: hashed by Python, in a tree of Python's.
contract GateSharedCasesTest is GateTest, SharedCases {
    function setUp() public override(RegistryTest, SharedCases) {
        SharedCases.setUp();
    }

    function test_AdmitsByTheReceiptOfASharedCase() public {
        Question memory question = questionNamed("status: pass");
        gate = gateOf(question.issuer);
        vm.assertEq(gate.passHashOf(holder), question.credentialHash);
        assertEnters(holder, proofOf(question));
        assertRefused(other, proofOf(question), ICredentialRegistry.Verdict.NotIncluded);
    }

    function test_RevertWhen_PassOfASharedCaseIsSuspended() public {
        Question memory question = questionNamed("status: suspended pass");
        gate = gateOf(question.issuer);
        vm.assertEq(gate.passHashOf(other), question.credentialHash);
        assertRefused(other, proofOf(question), ICredentialRegistry.Verdict.Suspended);
    }

    function questionNamed(string memory name) internal view returns (Question memory) {
        for (uint256 i = 0; this.has(path(i)); ++i) {
            if (keccak256(bytes(this.nameOf(i))) == keccak256(bytes(name))) return this.questionOf(i);
        }
        revert(name);
    }

    function proofOf(Question memory q) internal pure returns (Proof memory) {
        return Proof(q.issuer, q.seal, q.salt, q.leafIndex, q.treeSize, q.siblings);
    }
}
