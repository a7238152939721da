// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {CredentialRegistry} from "../src/CredentialRegistry.sol";
import {ICredentialRegistry, ROLE_ANCHOR} from "../src/ICredentialRegistry.sol";
import {RegistryTest} from "./RegistryTest.sol";
import {SignatureWallet} from "./SignatureWallet.sol";

/// @dev The digest is written out from EIP-712 here, sharing nothing with the contract.
abstract contract SignedAnchorTest is RegistryTest {
    uint256 internal constant CURVE_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;
    uint256 internal constant DEADLINE = NOW + 1 hours;

    address internal relayer = vm.addr(uint256(keccak256("relayer")));

    function digestOf(address of_, bytes32 seal, uint256 deadline, uint256 chainId, address verifier)
        internal
        pure
        returns (bytes32)
    {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("CredentialRegistry"),
                keccak256("1"),
                chainId,
                verifier
            )
        );
        bytes32 content = keccak256(
            abi.encode(keccak256("Anchor(address issuer,bytes32 seal,uint256 deadline)"), of_, seal, deadline)
        );
        return keccak256(abi.encodePacked(hex"1901", domain, content));
    }

    function digestOf(address of_, bytes32 seal, uint256 deadline) internal view returns (bytes32) {
        return digestOf(of_, seal, deadline, block.chainid, address(registry));
    }

    function sign(uint256 key, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    function signedBy(uint256 key) internal view returns (bytes memory) {
        return sign(key, digestOf(issuer, NEW_SEAL, DEADLINE));
    }

    function relay(address signer, bytes memory signature) internal {
        vm.prank(relayer);
        registry.anchorWithSignature(issuer, NEW_SEAL, DEADLINE, signer, signature);
    }

    function assertRelayed(address signer, bytes memory signature) internal {
        expectAnchored(NEW_SEAL, 2);
        relay(signer, signature);
        assertAnchor(NEW_SEAL, uint64(block.timestamp), 2);
        vm.assertEq(anchorCount(issuer), 2);
    }

    function assertInvalid(address signer, bytes memory signature) internal {
        vm.expectRevert(abi.encodeWithSelector(ICredentialRegistry.CredentialRegistryInvalidSignature.selector, signer));
        relay(signer, signature);
        assertNotAnchored(NEW_SEAL);
    }
}

contract AnchorWithSignatureTest is SignedAnchorTest {
    function test_RelayerAnchorsForOwner() public {
        assertRelayed(issuer, signedBy(ISSUER_KEY));
    }

    function test_RelayerAnchorsForOperator() public {
        assertRelayed(anchorOperator, signedBy(ANCHOR_OPERATOR_KEY));
    }

    function test_CountsAtItsDeadline() public {
        vm.warp(DEADLINE);
        assertRelayed(issuer, signedBy(ISSUER_KEY));
    }

    function test_CountsOnAForkWithItsNewChainId() public {
        vm.chainId(4711);
        assertRelayed(issuer, signedBy(ISSUER_KEY));
    }

    function test_RevertWhen_DeadlinePassed() public {
        vm.warp(DEADLINE + 1);
        vm.expectRevert(
            abi.encodeWithSelector(ICredentialRegistry.CredentialRegistrySignatureExpired.selector, DEADLINE)
        );
        relay(issuer, signedBy(ISSUER_KEY));
        assertNotAnchored(NEW_SEAL);
    }

    function test_RevertWhen_Replayed() public {
        relay(issuer, signedBy(ISSUER_KEY));
        vm.warp(NOW + 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                ICredentialRegistry.CredentialRegistryAlreadyAnchored.selector, issuer, NEW_SEAL, NOW
            )
        );
        relay(issuer, signedBy(ISSUER_KEY));
        assertAnchor(NEW_SEAL, NOW, 2);
        vm.assertEq(anchorCount(issuer), 2);
    }

    function test_RevertWhen_SealIsEmpty() public {
        vm.expectRevert(abi.encodeWithSelector(ICredentialRegistry.CredentialRegistryEmptySeal.selector));
        registry.anchorWithSignature(issuer, 0, DEADLINE, issuer, sign(ISSUER_KEY, digestOf(issuer, 0, DEADLINE)));
        assertNotAnchored(0);
    }

    function test_RevertWhen_SignerIsStranger() public {
        expectUnauthorized(stranger, ROLE_ANCHOR);
        relay(stranger, signedBy(STRANGER_KEY));
        assertNotAnchored(NEW_SEAL);
    }

    function test_RevertWhen_SignerHasOnlyTheOtherRole() public {
        expectUnauthorized(statusOperator, ROLE_ANCHOR);
        relay(statusOperator, signedBy(STATUS_OPERATOR_KEY));
        assertNotAnchored(NEW_SEAL);
    }

    function test_RevertWhen_SignerExpiredBeforeTheDeadline() public {
        appoint(anchorOperator, ROLE_ANCHOR, NOW);
        vm.warp(NOW + 1);
        expectUnauthorized(anchorOperator, ROLE_ANCHOR);
        relay(anchorOperator, signedBy(ANCHOR_OPERATOR_KEY));
        assertNotAnchored(NEW_SEAL);
    }

    function test_RevertWhen_SignerGaveTheIdentityAway() public {
        transferToNewOwner();
        expectUnauthorized(issuer, ROLE_ANCHOR);
        relay(issuer, signedBy(ISSUER_KEY));
        assertNotAnchored(NEW_SEAL);
    }

    function test_RevertWhen_RelayerHasTheRoleButSignerDidNotSign() public {
        bytes memory signature = signedBy(STRANGER_KEY);
        vm.expectRevert(abi.encodeWithSelector(ICredentialRegistry.CredentialRegistryInvalidSignature.selector, issuer));
        vm.prank(issuer);
        registry.anchorWithSignature(issuer, NEW_SEAL, DEADLINE, issuer, signature);
        assertNotAnchored(NEW_SEAL);
    }

    function test_RevertWhen_AnythingElseWasSigned() public {
        assertInvalid(issuer, sign(ISSUER_KEY, digestOf(stranger, NEW_SEAL, DEADLINE)));
        assertInvalid(issuer, sign(ISSUER_KEY, digestOf(issuer, SEAL, DEADLINE)));
        assertInvalid(issuer, sign(ISSUER_KEY, digestOf(issuer, NEW_SEAL, DEADLINE + 1)));
        assertInvalid(issuer, sign(ISSUER_KEY, NEW_SEAL));
    }

    function test_RevertWhen_SignedForAnotherChainOrRegistry() public {
        uint256 chain = block.chainid;
        address verifier = address(new CredentialRegistry());
        assertInvalid(issuer, sign(ISSUER_KEY, digestOf(issuer, NEW_SEAL, DEADLINE, chain + 1, address(registry))));
        assertInvalid(issuer, sign(ISSUER_KEY, digestOf(issuer, NEW_SEAL, DEADLINE, chain, verifier)));
    }

    function test_RevertWhen_ChainForkedAway() public {
        bytes memory signature = signedBy(ISSUER_KEY);
        vm.chainId(4711);
        assertInvalid(issuer, signature);
    }

    function test_RevertWhen_SignatureIsTheOtherOfTheTwo() public {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(ISSUER_KEY, digestOf(issuer, NEW_SEAL, DEADLINE));
        bytes memory twin = abi.encodePacked(r, bytes32(CURVE_ORDER - uint256(s)), v == 27 ? uint8(28) : uint8(27));
        assertInvalid(issuer, twin);
    }

    function test_RevertWhen_SignatureIsOfAnotherForm() public {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(ISSUER_KEY, digestOf(issuer, NEW_SEAL, DEADLINE));
        assertInvalid(issuer, "");
        assertInvalid(issuer, abi.encodePacked(r, s));
        assertInvalid(issuer, abi.encodePacked(r, s, v - 27));
        assertInvalid(issuer, abi.encodePacked(r, s, v, uint8(0)));
        assertInvalid(issuer, abi.encode(r, s, v));
    }

    function test_RevertWhen_SignerIsZero() public {
        assertInvalid(address(0), new bytes(65));
    }

    /// @dev The zero address owns itself as an issuer, and is what a broken signature recovers to.
    function test_RevertWhen_SignerAndIssuerAreZero() public {
        vm.expectRevert(
            abi.encodeWithSelector(ICredentialRegistry.CredentialRegistryInvalidSignature.selector, address(0))
        );
        registry.anchorWithSignature(address(0), NEW_SEAL, DEADLINE, address(0), new bytes(65));
        assertAnchor(address(0), NEW_SEAL, 0, 0, ACTIVE);
    }

    function testFuzz_RevertWhen_OneBitOfTheSignatureIsFlipped(uint16 bit) public {
        bytes memory signature = signedBy(ISSUER_KEY);
        bit = bit % 520;
        signature[bit / 8] ^= bytes1(uint8(1 << (bit % 8)));
        assertInvalid(issuer, signature);
    }

    function testFuzz_RelaysAnyAnchor(bytes32 seal, uint256 deadline, address sender) public {
        vm.assume(seal != 0 && seal != SEAL && deadline >= NOW);
        bytes memory signature = sign(ISSUER_KEY, digestOf(issuer, seal, deadline));
        vm.prank(sender);
        registry.anchorWithSignature(issuer, seal, deadline, issuer, signature);
        assertAnchor(seal, NOW, 2);
    }
}

/// @dev Contract wallets, ERC-1271.
contract AnchorWithWalletSignatureTest is SignedAnchorTest {
    SignatureWallet internal wallet;

    function setUp() public override {
        super.setUp();
        wallet = new SignatureWallet(vm.addr(STRANGER_KEY), registry);
        appoint(address(wallet), ROLE_ANCHOR, EXPIRY);
    }

    function test_RelayerAnchorsForWallet() public {
        assertRelayed(address(wallet), signedBy(STRANGER_KEY));
    }

    function test_WalletIsAnIssuerItself() public {
        bytes memory signature = sign(STRANGER_KEY, digestOf(address(wallet), NEW_SEAL, DEADLINE));
        registry.anchorWithSignature(address(wallet), NEW_SEAL, DEADLINE, address(wallet), signature);
        assertAnchor(address(wallet), NEW_SEAL, NOW, 1, ACTIVE);
    }

    function test_RevertWhen_WalletHasNoRole() public {
        appoint(address(wallet), 0, 0);
        expectUnauthorized(address(wallet), ROLE_ANCHOR);
        relay(address(wallet), signedBy(STRANGER_KEY));
        assertNotAnchored(NEW_SEAL);
    }

    function test_RevertWhen_WalletDoesNotConfirm() public {
        assertInvalid(address(wallet), signedBy(ISSUER_KEY));
    }

    function test_RevertWhen_WalletMisbehaves() public {
        for (uint8 i = 1; i <= uint8(type(SignatureWallet.Manner).max); ++i) {
            wallet.behave(SignatureWallet.Manner(i));
            assertInvalid(address(wallet), signedBy(STRANGER_KEY));
        }
    }
}
