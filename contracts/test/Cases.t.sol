// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ICredentialRegistry} from "../src/ICredentialRegistry.sol";
import {SharedCases} from "./SharedCases.sol";

/// @dev What the contract must say in each case that the other engines judge too.
contract CasesTest is SharedCases {
    mapping(bytes32 verdict => uint256) internal seen;

    function test_EachCaseGetsItsVerdict() public {
        uint256 asked = 0;
        uint256 i = 0;
        for (; this.has(path(i)); ++i) {
            if (!isAsked(i)) continue;
            Question memory question = this.questionOf(i);
            vm.assertEq(nameOf(verdictOf(question)), question.verdict, this.nameOf(i));
            ++seen[keccak256(bytes(question.verdict))];
            ++asked;
        }
        vm.assertTrue(i > 250 && asked > 150, "cases");
        for (uint8 verdict = 0; verdict <= uint8(type(ICredentialRegistry.Verdict).max); ++verdict) {
            string memory name = nameOf(ICredentialRegistry.Verdict(verdict));
            vm.assertTrue(seen[keccak256(bytes(name))] > 0, name);
        }
    }

    function verdictOf(Question memory q) internal view returns (ICredentialRegistry.Verdict) {
        return registry.verify(q.issuer, q.seal, q.credentialHash, q.salt, q.leafIndex, q.treeSize, q.siblings);
    }

    function nameOf(ICredentialRegistry.Verdict verdict) internal pure returns (string memory) {
        if (verdict == ICredentialRegistry.Verdict.NotAnchored) return "NotAnchored";
        if (verdict == ICredentialRegistry.Verdict.NotIncluded) return "NotIncluded";
        if (verdict == ICredentialRegistry.Verdict.Revoked) return "Revoked";
        if (verdict == ICredentialRegistry.Verdict.Suspended) return "Suspended";
        return "Valid";
    }
}
