// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @dev What the registry should hold, kept the plain way: one mapping for each thing, no packing.
abstract contract RegistryModel {
    struct FirstAnchor {
        address issuer;
        bytes32 seal;
        uint64 anchoredAt;
        uint64 sequence;
    }

    FirstAnchor[] internal _anchors;
    mapping(address issuer => mapping(bytes32 seal => bool)) public anchored;
    mapping(address issuer => uint64) public anchorEvents;
    mapping(address issuer => address) public pendingOwner;
    mapping(address issuer => mapping(bytes32 seal => uint8)) public sealStatus;
    mapping(address issuer => mapping(bytes32 seal => mapping(uint64 index => uint8))) public credentialStatus;

    mapping(address issuer => address) private _owner;
    mapping(address issuer => mapping(address operator => uint8)) private _roles;
    mapping(address issuer => mapping(address operator => uint64)) private _validUntil;

    function anchorsMade() external view returns (FirstAnchor[] memory) {
        return _anchors;
    }

    function ownerOf(address issuer) public view returns (address) {
        return _owner[issuer] == address(0) ? issuer : _owner[issuer];
    }

    function operatorOf(address issuer, address operator) external view returns (uint8 roles, uint64 validUntil) {
        return (_roles[issuer][operator], _validUntil[issuer][operator]);
    }

    function mayAct(address issuer, address actor, uint8 role) internal view returns (bool) {
        if (actor == ownerOf(issuer)) return true;
        return _roles[issuer][actor] & role != 0 && block.timestamp <= _validUntil[issuer][actor];
    }

    function noteAnchor(address issuer, bytes32 seal) internal {
        anchored[issuer][seal] = true;
        _anchors.push(FirstAnchor(issuer, seal, uint64(block.timestamp), anchorEvents[issuer]));
    }

    function noteAnchoredEvent(address issuer, uint64 sequence) internal {
        require(sequence == ++anchorEvents[issuer], "a gap in the sequences");
    }

    function noteOperator(address issuer, address operator, uint8 roles, uint64 validUntil) internal {
        _roles[issuer][operator] = roles;
        _validUntil[issuer][operator] = validUntil;
    }

    function noteOwner(address issuer, address owner) internal {
        _owner[issuer] = owner;
        pendingOwner[issuer] = address(0);
    }
}
