// The page's words in English. Each catalogue has the same keys; {names} stand for values.
//
// `checks` has every code of docs/checks.md: a title, a sentence about what it means, and what to
// do about it, which is empty where nothing is to be done.

export default {
  page: {
    title: "Rootseal – is this credential genuine?",
    skip: "Skip to the content",
    navigation: "Site",
    verify: "Verify",
    explorer: "Explorer",
    language: "Language",
    heading: "Is this credential genuine?",
    lead:
      "Your browser checks it against the blockchain itself. Neither the file nor anything in it " +
      "is sent to us.",
    drop: "Drop it here, or choose a file",
    dropAnother: "Check another: drop it here, or choose a file",
    dropHint:
      "A credential (JSON), a badge (PNG or SVG), a certificate (PDF), or any document with its " +
      "receipt",
    paste: "Paste its text",
    pasteLabel: "Text of a JSON credential or of a receipt",
    check: "Check",
    settings: "Whom to ask, and whom to trust",
    settingsHint:
      "The answer is as good as the node that is asked. Name one that you trust. If you name " +
      "several, with blanks between them, all must say the same.",
    nodesOf: "Nodes of {chain}",
    contract: "Contract {contract}",
    remember: "Remember these nodes in this browser",
    expectedIssuer: "Address of the issuer that you expect (optional)",
    trustList: "Your own list of trusted issuers, in place of this page’s (TOML, optional)",
    forgetTrust: "Take the list away",
    trustsNobody: "Nobody is named yet: a verdict then says that somebody anchored it, not who.",
    trustsThese: "This page names {count}: {names}.",
    trustsOwn: "In use: {file}, which names {count}: {names}.",
    andMore: "{names} and more",
    promises: "How it works",
    promise1: "Nothing leaves this browser",
    promise1Text:
      "The fingerprint of the credential is made here. We learn neither the file, nor its hash, " +
      "nor whose it is.",
    promise2: "The chain answers, not we",
    promise2Text:
      "A node of your choice says whether the issuer anchored it, since when, and whether it was " +
      "withdrawn.",
    promise3: "It outlives us",
    promise3Text:
      "Credential and receipt can be checked the same way in decades, without this site and " +
      "without its makers.",
    footer: "Rootseal: one seal a night, and proofs that anyone can check without us.",
    version: "Version {version}.",
    spoken: "{verdict}. {finding}",
  },
  verdict: {
    checking: "Checking…",
    valid: "Valid",
    unnamed: "Valid, issuer unknown",
    invalid: "Not valid",
    undetermined: "Could not be decided",
    reading: "Reading {files}",
    validOf: "{name} anchored it on {date}. Since then it is unchanged, and it was not withdrawn.",
    validExpected:
      "The issuer that you expect anchored it on {date}. Since then it is unchanged, and it was " +
      "not withdrawn.",
    validUnnamed:
      "It was anchored on {date}. Since then it is unchanged, and it was not withdrawn.",
    caution:
      "Nobody has told this page whose address {issuer} is. Anyone can anchor under any name: " +
      "compare the address with the one that the issuer publishes, or name the issuers that you " +
      "trust.",
    nothingAgainst:
      "That says nothing against the credential. It was not shown to be genuine, nor to be false.",
    saysItself: "What it says",
    saysHint: "In its own words, which the checks below do not make true.",
    checks: "The checks",
    toDo: "What to do: {advice}",
    because: "Why: {reason}.",
    place: "{reason} (at {place})",
    code: "Code",
    checkedFile: "Checked: {files}.",
    checkedAsking: "On {date}, in this browser, asking {nodes}.",
    checkedAlone: "On {date}, in this browser, asking no node.",
    addReceipt: "Add its receipt",
    addCredential: "Add the credential",
    again: "Check again",
    print: "Print",
    another: "Clear",
  },
  server: {
    heading: "This server’s word",
    ask: "Check on the server too",
    hint: "Only then is it sent to {host}.",
    asking: "Asking the server…",
    same: "The server found the same: {verdict}.",
    other: "The server found otherwise: {verdict}.",
    failed: "The server did not check it: {reason}.",
    silent: "The server did not answer.",
  },
  says: {
    name: "Name",
    holder: "Awarded to",
    issuer: "Issuer, as it says itself",
  },
  outcomes: {
    pass: "passed",
    fail: "failed",
    unknown: "not known",
    skipped: "not checked",
  },
  names: {
    format: "Receipt",
    integrity: "Unchanged",
    inclusion: "Sealed",
    anchor: "Anchored",
    status: "Status",
    issuer: "Issuer",
    validity: "Dates",
    proofs: "Other proofs",
  },
  evidence: {
    accreditation: "Accreditation",
    anchoredAt: "Anchored at",
    answers: "Answers",
    askedAtBlock: "Asked at block",
    awardedDate: "Awarded",
    blockHash: "Block hash",
    blockNumber: "Block",
    canonicalization: "Hashed as",
    chain: "Chain",
    contract: "Contract",
    credentialHash: "Hash of this credential",
    did: "DID",
    domain: "Domain",
    issuer: "Issuer’s address",
    leadsTo: "Path leads to",
    leafIndex: "Place in the batch",
    name: "Name",
    notAsked: "Not asked",
    notProved: "Not proved",
    now: "Checked at",
    proofs: "Proofs",
    receiptHash: "Hash in the receipt",
    seal: "Seal",
    status: "Status",
    time: "Time",
    transaction: "Transaction",
    treeSize: "Credentials in the batch",
    type: "Format",
    validFrom: "Valid from",
    validUntil: "Valid until",
  },
  checks: {
    "well-formed": {
      title: "The receipt is complete.",
      sentence: "It is a receipt of the form {type}, with nothing missing and nothing added.",
      todo: "",
    },
    "malformed-receipt": {
      title: "The receipt is damaged.",
      sentence: "It is not a receipt of the form rootseal/receipt@1.",
      todo: "Ask the holder for the receipt again.",
    },
    "no-receipt": {
      title: "The receipt is missing.",
      sentence:
        "Without its receipt nobody can say whether a credential was anchored. It is a file " +
        "beside the credential (its name ends in .receipt.json), or it stands inside.",
      todo: "Add the receipt, or ask the holder or the issuer for it.",
    },
    "hash-match": {
      title: "It is the very credential that was sealed.",
      sentence: "Its hash, made here, is the one in the receipt: not a letter has changed.",
      todo: "",
    },
    "hash-mismatch": {
      title: "It is not the credential that was sealed.",
      sentence:
        "Its hash is not the one in the receipt: it was changed, or the receipt belongs to " +
        "another credential.",
      todo: "Ask the holder for the original file and its own receipt.",
    },
    "unreadable-credential": {
      title: "The credential cannot be read.",
      sentence:
        "Its receipt is of a JSON credential, and this is none that can be read in only one way.",
      todo: "Ask the holder for the original file.",
    },
    "no-credential": {
      title: "The credential itself is missing.",
      sentence: "A receipt says that something was sealed. What it was only the file can show.",
      todo: "Add the credential.",
    },
    included: {
      title: "The receipt leads to the seal.",
      sentence: "What it names is one of the {treeSize} credentials of the sealed batch.",
      todo: "",
    },
    "seal-mismatch": {
      title: "The receipt does not lead to the seal.",
      sentence: "The receipt’s path leads to another seal than the receipt says.",
      todo: "The receipt is forged or damaged. Ask the issuer for it.",
    },
    "wrong-path-length": {
      title: "The receipt does not lead to the seal.",
      sentence: "No batch of {treeSize} credentials has a path of that length.",
      todo: "The receipt is forged or damaged. Ask the issuer for it.",
    },
    "index-out-of-range": {
      title: "The receipt does not lead to the seal.",
      sentence: "A batch of {treeSize} credentials has no place {leafIndex}, counted from 0.",
      todo: "The receipt is forged or damaged. Ask the issuer for it.",
    },
    anchored: {
      title: "The seal stands on the blockchain, for good.",
      sentence:
        "Block {blockNumber} of {chain} holds it in our contract, and cannot be replaced any more.",
      todo: "",
    },
    "wrong-contract": {
      title: "It points to another contract.",
      sentence:
        "The receipt names the contract {contract}, which is not the one that this page knows. " +
        "Anyone can write anything into a contract of their own.",
      todo: "The receipt is forged, unless you know that other contract.",
    },
    "not-anchored": {
      title: "It was never anchored.",
      sentence: "The chain has no such seal of the issuer {issuer}.",
      todo: "The receipt is forged. Ask the issuer.",
    },
    "wrong-time": {
      title: "It was anchored at another time.",
      sentence: "The chain says {anchoredAt}, and the receipt says otherwise.",
      todo: "Ask the issuer for a fresh receipt.",
    },
    "wrong-transaction": {
      title: "It was anchored elsewhere.",
      sentence:
        "The seal is anchored, but not in the transaction and the block that the receipt names.",
      todo: "Ask the issuer for a fresh receipt.",
    },
    "node-behind": {
      title: "The node does not know yet.",
      sentence: "It has come to block {askedAtBlock}, and the anchor is in block {blockNumber}.",
      todo: "Check again later, or ask another node.",
    },
    "no-contract": {
      title: "The node does not have the contract.",
      sentence: "At {contract} it shows other code than ours, or none: it is of no use here.",
      todo: "Ask another node.",
    },
    "no-event": {
      title: "The node does not show the anchor.",
      sentence:
        "It says that the seal is anchored, but not where: that could be old data left out, or a " +
        "lie.",
      todo: "Ask another node.",
    },
    "not-final": {
      title: "The anchor is not final yet.",
      sentence: "Its block {blockNumber} may still be replaced.",
      todo: "Check again in a quarter of an hour.",
    },
    pending: {
      title: "It is not anchored yet.",
      sentence: "The receipt is a preliminary one, made before the batch was anchored.",
      todo: "Ask the issuer for the final receipt.",
    },
    "chain-not-configured": {
      title: "No node of its chain is asked.",
      sentence: "The receipt names chains of which this page knows no node.",
      todo: "Name a node of that chain below, if there is a place for it.",
    },
    "nodes-disagree": {
      title: "The nodes contradict one another.",
      sentence: "Several nodes of {chain} were asked, and they did not all say the same.",
      todo: "Find out which of them is wrong.",
    },
    "chain-unavailable": {
      title: "The blockchain could not be asked.",
      sentence: "The node of {chain} gave no answer that could be used.",
      todo: "Check again later, or ask another node.",
    },
    active: {
      title: "The sealed credential was not withdrawn.",
      sentence: "Neither it nor its batch is suspended or revoked.",
      todo: "",
    },
    suspended: {
      title: "The issuer has suspended it.",
      sentence: "It is withdrawn for now, and may come back.",
      todo: "Ask the issuer.",
    },
    revoked: {
      title: "The issuer has revoked it.",
      sentence: "It is withdrawn for good.",
      todo: "Ask the issuer.",
    },
    "status-not-asked": {
      title: "Whether it was withdrawn is not known.",
      sentence: "That can be asked only where the anchor is found.",
      todo: "See the check of the anchor.",
    },
    "trusted-issuer": {
      title: "{name} anchored it.",
      sentence: "The list of trusted issuers names the address {issuer}.",
      todo: "",
    },
    "expected-issuer": {
      title: "The issuer that you expect anchored it.",
      sentence: "The address is {issuer}.",
      todo: "",
    },
    "untrusted-issuer": {
      title: "Nobody on the trust list anchored it.",
      sentence: "The address {issuer} is not on the list of trusted issuers.",
      todo: "Find out whose address that is.",
    },
    "unexpected-issuer": {
      title: "Somebody else anchored it.",
      sentence: "The address {issuer} is not that of the issuer that you expect.",
      todo: "Find out whose address that is.",
    },
    "did-web-issuer": {
      title: "The issuer’s domain names the address as its own.",
      sentence: "Its did:web document names {issuer}.",
      todo: "Decide whether you trust that domain.",
    },
    "dns-issuer": {
      title: "The issuer’s domain names the address as its own.",
      sentence: "Its DNS names {issuer}.",
      todo: "Decide whether you trust that domain.",
    },
    "issuer-not-named": {
      title: "The issuer does not name that address.",
      sentence: "The issuer in the credential was asked, and does not call {issuer} its own.",
      todo: "Ask the issuer.",
    },
    "issuer-unreachable": {
      title: "The issuer could not be asked.",
      sentence: "Its domain did not say whether the address {issuer} is its own.",
      todo: "Check again later.",
    },
    "no-anchor": {
      title: "Nobody is known to have anchored it.",
      sentence: "No anchor was found to hold, so that there is nobody to be judged.",
      todo: "See the check of the anchor.",
    },
    "no-trust-list": {
      title: "Whose address anchored it was not checked.",
      sentence: "Nobody told this page whom you trust. The address is {issuer}.",
      todo: "Compare it with the one that the issuer publishes.",
    },
    "in-time": {
      title: "It is valid at this time.",
      sentence: "Its own dates include today, and it was not awarded after it was anchored.",
      todo: "",
    },
    "not-yet-valid": {
      title: "It is not valid yet.",
      sentence: "It is valid from {validFrom}.",
      todo: "Check again then.",
    },
    expired: {
      title: "It has expired.",
      sentence: "It was valid until {validUntil}.",
      todo: "Ask the holder for a newer one.",
    },
    "awarded-after-anchor": {
      title: "It claims to be awarded after it was sealed.",
      sentence: "It says that it was awarded at {awardedDate}, but was anchored at {anchoredAt}.",
      todo: "Ask the issuer.",
    },
    "unreadable-date": {
      title: "One of its dates cannot be read.",
      sentence: "A date in it is none, or names no time zone: whether it is valid now is open.",
      todo: "Ask the issuer.",
    },
    "no-dates": {
      title: "There are no dates to check.",
      sentence: "Only JSON credentials have dates that a program can read.",
      todo: "",
    },
    "no-other-proofs": {
      title: "It carries no other proof.",
      sentence: "There is no further signature in it.",
      todo: "",
    },
    "proofs-hold": {
      title: "Its other proofs hold, too.",
      sentence: "It carries {proofs}; what can be checked here is right.",
      todo: "",
    },
    "bad-proof": {
      title: "Another proof in it is wrong.",
      sentence: "It carries {proofs}, and one of them does not hold.",
      todo: "Ask for the original file.",
    },
    "key-unreachable": {
      title: "A key could not be asked for.",
      sentence: "It carries {proofs}; the issuer’s key could not be asked for.",
      todo: "Ask again.",
    },
    "other-proofs-not-checked": {
      title: "Its other proofs were not checked.",
      sentence: "It carries {proofs}. The seal does not protect them.",
      todo: "Check them with a tool of theirs.",
    },
    "not-in-snapshot": {
      title: "The saved snapshot does not have it.",
      sentence: "The snapshot was made for other credentials, or is damaged.",
      todo: "Ask for a snapshot of this credential, or ask a node.",
    },
    "untrusted-block": {
      title: "Nobody vouches for the snapshot’s block.",
      sentence: "Everything is proved from block {blockNumber}, whose hash is {blockHash}.",
      todo: "Compare that hash with a source that you trust.",
    },
  },
  reasons: {
    "address-named-twice": "an address is named twice",
    "another-hash": "a proof is of another credential",
    "another-issuers-key": "the key is not the issuer’s",
    "another-seal": "a proof’s path does not lead to its seal",
    "bad-address":
      "that is no address of a file: https is needed, or http for a file of this computer",
    "bad-endpoint": "that is no address of a node: it begins with https:// and has no password",
    "bad-proof-form": "a proof has not the form that its kind has",
    "bad-signature": "a signature does not hold",
    "broken-attachment": "an attachment of the PDF is damaged",
    "broken-png": "the PNG image is damaged",
    "broken-svg": "the SVG image is damaged",
    bug: "something in this page is broken, and nothing was decided",
    "claims-disagree": "the claims of the token say something else than the credential in it",
    connection: "there was no connection, or the node does not answer web pages",
    "could-not-read": "the file could not be read; folders cannot be",
    "duplicate-key": "a key stands there twice",
    "index-out-of-range": "the batch has no such place",
    "inexact-number": "a number cannot be carried exactly",
    "lone-surrogate": "a character is broken in half",
    malformed: "the node’s answer makes no sense",
    "missing-key": "a key is missing",
    "no-address": "no address is named",
    "no-date-with-zone": "that is no date with a time zone",
    "no-endpoint": "no node is named",
    "no-file": "there is no file",
    "no-issuer": "no issuer is named",
    "no-key": "a proof names no key",
    "no-text": "there is no text to check",
    "node-error": "the node reported an error",
    "node-not-allowed": "a node is asked over https, or over http on this computer only",
    "not-a-chain": "that is no chain",
    "not-a-hash": "that is no hash",
    "not-a-list": "that is no list",
    "not-a-name": "that is no name of 1 to 200 characters",
    "not-a-sentence": "that is no sentence of 1 to 1000 characters",
    "not-a-string": "that is no text",
    "not-a-table": "that is no table",
    "not-a-time": "that is no time in UTC",
    "not-a-url": "that is no web address",
    "not-an-address": "that is no address: it has 0x and 40 hexadecimal digits",
    "not-an-ethereum-hash": "that is no hash of a block or a transaction",
    "not-an-integer": "that is no whole number within bounds",
    "not-an-object": "that is no JSON object",
    "not-base58": "a value is not base58",
    "not-cbor": "a value is not CBOR",
    "not-exact": "its JSON says something else than its statements",
    "not-fetched":
      "it could not be fetched: it is not there, or its site does not let other pages read it. " +
      "Download it and drop it here",
    "not-json": "it is not JSON",
    "not-json-ld": "it is not JSON-LD that can be read",
    "not-merkle-proof": "a value is no MerkleProof2019",
    "not-toml": "it is not TOML",
    "not-utf8": "it is not text in UTF-8",
    "nothing-to-verify": "there is nothing to check",
    "pending-in-proof": "a receipt inside a credential must have an anchor",
    "proof-expired": "a proof has expired",
    "same-endpoint-twice": "a node is named twice, and would only agree with itself",
    "svg-with-doctype": "the SVG image has a document type, which is not read",
    timeout: "no answer came in time",
    "too-deep": "it is nested too deep",
    "too-large": "it is too large",
    "too-many": "there are too many",
    "two-credentials": "there are two credentials; check one at a time",
    "two-receipts": "there are two receipts; check one at a time",
    "undefined-terms": "it has words that no context defines",
    "unexpected-value": "that value is not one of those that may stand there",
    "unread-attachment": "an attachment of the PDF is stored in a way that is not read here",
    "unknown-context": "it names a context that is not bundled",
    "unknown-key": "a key is not known",
    "unsafe-integer": "a whole number is too large to be carried exactly",
    "wrong-chain": "the node serves another chain",
    "wrong-checksum": "the address has a mistake in it: capitals and small letters are its checksum",
    "wrong-created": "the proof around the receipt has another date than its anchor",
    "wrong-path-length": "the path is too short or too long",
    "wrong-verification-method": "the proof around the receipt names another issuer than its anchor",
  },
};
