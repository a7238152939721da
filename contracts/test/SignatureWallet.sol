// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

import {ICredentialRegistry} from "../src/ICredentialRegistry.sol";

/// @dev A contract wallet of one key, honest unless told otherwise.
contract SignatureWallet is IERC1271 {
    enum Manner {
        Honest,
        AnswersNo,
        AnswersTrue,
        AnswersShort,
        AnswersNothing,
        Reverts,
        Reenters
    }

    address private immutable _key;
    ICredentialRegistry private immutable _registry;
    Manner private _manner;

    constructor(address key, ICredentialRegistry registry) {
        (_key, _registry) = (key, registry);
    }

    function behave(Manner manner) external {
        _manner = manner;
    }

    function isValidSignature(bytes32 hash, bytes calldata signature) external view returns (bytes4) {
        bytes4 yes = IERC1271.isValidSignature.selector;
        if (_manner == Manner.Honest) {
            (address signer,,) = ECDSA.tryRecover(hash, signature);
            return signer == _key ? yes : bytes4(0);
        }
        if (_manner == Manner.AnswersNo) return 0xffffffff;
        if (_manner == Manner.AnswersTrue) return bytes4(uint32(1));
        if (_manner == Manner.Reverts) revert("no");
        if (_manner == Manner.AnswersShort) _return(yes, 4);
        if (_manner == Manner.AnswersNothing) _return(yes, 0);
        return _anchorOnTheWay(yes);
    }

    /// @dev What a wallet does that would like to act within the call that asks it.
    function _anchorOnTheWay(bytes4 yes) private view returns (bytes4) {
        (bool success,) =
            address(_registry).staticcall(abi.encodeCall(_registry.anchor, (address(this), keccak256("sneaked"))));
        require(success, "static");
        return yes;
    }

    function _return(bytes32 word, uint256 length) private pure {
        assembly ("memory-safe") {
            mstore(0x00, word)
            return(0x00, length)
        }
    }
}
