// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {RegistryTest} from "./RegistryTest.sol";

/// @dev The cases that every engine shares, and their chain, played anew on a registry of the test.
abstract contract SharedCases is RegistryTest {
    struct Step {
        uint256 time;
        address from;
        address to;
        bytes data;
    }

    struct Question {
        address issuer;
        bytes32 seal;
        bytes32 credentialHash;
        bytes32 salt;
        uint64 leafIndex;
        uint64 treeSize;
        bytes32[] siblings;
        string verdict;
    }

    string internal constant FILE = "tests/vectors/verification_cases.json";
    string internal constant STEP = "Step(uint256 time,address from,address to,bytes data)";
    string internal constant QUESTION = "Question(address issuer,bytes32 seal,bytes32 credentialHash,bytes32 salt,"
        "uint64 leafIndex,uint64 treeSize,bytes32[] siblings,string verdict)";

    function setUp() public virtual override {
        super.setUp();
        (address contract_, Step[] memory steps) = this.world();
        uint256 made = 0;
        for (uint256 i = 0; i < steps.length; ++i) {
            if (steps[i].to != contract_) continue; // its deployment: ours stands already
            vm.warp(steps[i].time);
            vm.prank(steps[i].from);
            (bool success,) = address(registry).call(steps[i].data);
            vm.assertTrue(success, vm.toString(i));
            ++made;
        }
        vm.assertEq(made, steps.length - 1, "steps");
    }

    /// @dev External, as are those below: copies of the file are forgotten with the frame.
    function world() external view returns (address contract_, Step[] memory steps) {
        string memory json = vm.readFile(FILE);
        contract_ = vm.parseJsonAddress(json, ".contract");
        steps = abi.decode(vm.parseJsonTypeArray(json, ".world.steps", STEP), (Step[]));
    }

    function has(string calldata key) external view returns (bool) {
        return vm.keyExistsJson(vm.readFile(FILE), key);
    }

    function nameOf(uint256 i) external view returns (string memory) {
        return vm.parseJsonString(vm.readFile(FILE), string.concat(path(i), ".name"));
    }

    function questionOf(uint256 i) external view returns (Question memory) {
        bytes memory found = vm.parseJsonType(vm.readFile(FILE), string.concat(path(i), ".contract"), QUESTION);
        return abi.decode(found, (Question));
    }

    function isAsked(uint256 i) internal view returns (bool) {
        return this.has(string.concat(path(i), ".contract.verdict"));
    }

    function path(uint256 i) internal pure returns (string memory) {
        return string.concat(".cases[", vm.toString(i), "]");
    }
}
