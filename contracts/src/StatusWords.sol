// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ICredentialRegistry} from "./ICredentialRegistry.sol";

/// @title Statuses of 128 credentials in one word, a lane of two bits each.
/// @dev The credential at leaf index i stands in word i / 128, lane i % 128 from the lowest bits up.
/// Credentials of one word are chosen by `lanes`: the lower bit of each one's lane.
library StatusWords {
    /// @notice Word that holds the credential at `index`.
    function wordOf(uint256 index) internal pure returns (uint256) {
        return index >> 7;
    }

    /// @notice `lanes` of the one credential at `index`.
    function laneOf(uint256 index) internal pure returns (uint256) {
        return 1 << ((index & 127) << 1);
    }

    /// @notice Status of the credential at `index`, whose word holds `statuses`.
    function statusAt(uint256 statuses, uint256 index) internal pure returns (ICredentialRegistry.Status) {
        // The conversion cannot fail: only `withStatus` makes words, and only of these values.
        return ICredentialRegistry.Status((statuses >> ((index & 127) << 1)) & 3);
    }

    /// @notice `statuses` with the credentials of `lanes` given `status`.
    function withStatus(uint256 statuses, uint256 lanes, ICredentialRegistry.Status status)
        internal
        pure
        returns (uint256)
    {
        // No product overflows, or carries into the next lane: 1 * 3 still fits the two bits of a lane.
        unchecked {
            return (statuses & ~(lanes * 3)) | (lanes * uint256(status));
        }
    }

    /// @notice The lower bit of each lane of `lanes` whose credential is revoked.
    function revokedAmong(uint256 statuses, uint256 lanes) internal pure returns (uint256) {
        // Of the values that stand in a lane, 0, 1 and 2, the upper bit is that of revoked alone.
        return (statuses >> 1) & lanes;
    }

    /// @notice Lowest leaf index in `word` among `lanes`, which must not be empty.
    function firstIndex(uint256 word, uint256 lanes) internal pure returns (uint256 index) {
        index = word << 7;
        for (; lanes & 1 == 0; lanes >>= 2) {
            ++index;
        }
    }
}
