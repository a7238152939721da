"""An example for each body and answer of the OpenAPI document, by the name of its schema."""

from typing import Any, Final  # JSON of any shape

_HASH: Final = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
_OTHER: Final = "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752"
_SALT: Final = "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"
_SEAL: Final = "fcde2b2edba56bf408601fb721fe9b5c338d10ee429ea04fae5511b68fbf8fb9"
_ROOT: Final = "baa5a0964d3320fbc0c6a922140453c8513ea24ab8fd0577034804a967248096"
_ISSUER: Final = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
_CONTRACT: Final = "0x5FbDB2315678afecb367f032d93F642f64180aa3"
_TRANSACTION: Final = "0x" + "5e" * 32
_BLOCK: Final = "0x" + "b1" * 32
_EVENING: Final = "2026-01-30T18:00:00Z"
_NIGHT: Final = "2026-01-31T02:00:00Z"

_CREDENTIAL: Final[dict[str, Any]] = {
    "@context": [
        "https://www.w3.org/ns/credentials/v2",
        "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
    ],
    "id": "urn:uuid:7d5a6c1e-1f0b-4a52-8a3c-0d7c1d1a9b10",
    "type": ["VerifiableCredential", "OpenBadgeCredential"],
    "issuer": {"id": "https://college.example/issuer", "type": ["Profile"], "name": "College"},
    "validFrom": "2026-01-30T12:00:00Z",
    "name": "Incident Response",
    "credentialSubject": {"type": ["AchievementSubject"], "id": "did:example:holder"},
}
_ANCHOR: Final[dict[str, Any]] = {
    "chain": "eip155:31337",
    "contract": _CONTRACT,
    "transaction": _TRANSACTION,
    "blockNumber": 42,
    "blockHash": _BLOCK,
    "logIndex": 0,
    "anchoredAt": _NIGHT,
}
_BATCH: Final[dict[str, Any]] = {
    "issuer": _ISSUER,
    "state": "final",
    "openedAt": _EVENING,
    "sealedAt": "2026-01-31T01:59:58Z",
    "seal": _SEAL,
    "merkleRoot": _ROOT,
    "treeSize": 2,
    "anchors": [_ANCHOR],
}
_CHANGE: Final[dict[str, Any]] = {
    "id": 7,
    "issuer": _ISSUER,
    "seal": _SEAL,
    "leafIndexes": [1],
    "status": "revoked",
    "reason": "privilege-withdrawn",
    "requestedAt": _EVENING,
    "doneAt": None,
    "refusal": None,
}
_RECEIPT: Final[dict[str, Any]] = {
    "type": "rootseal/receipt@1",
    "canonicalization": "jcs",
    "credentialHash": _HASH,
    "salt": _SALT,
    "leafIndex": 1,
    "treeSize": 2,
    "siblings": [_OTHER],
    "seal": _SEAL,
    "anchors": [{**_ANCHOR, "issuer": _ISSUER}],
}

EXAMPLES: Final[dict[str, Any]] = {
    "Credential": _CREDENTIAL,
    "CredentialIntake": {"credential": _CREDENTIAL},
    "VerifyRequest": {"credential": _CREDENTIAL, "receipt": _RECEIPT, "issuer": _ISSUER},
    "VerifyUpload": {"credential": "(bytes of diploma.pdf)", "issuer": _ISSUER},
    "ReceiptsRequest": {"hashes": [_HASH, _OTHER]},
    "ReceiptLine": {"hash": _HASH, "receipt": _RECEIPT},
    "StatusRequest": {"hashes": [_HASH], "status": "revoked", "reason": "privilege-withdrawn"},
    "IntakeAnswer": {"new": 1, "known": 0, "hashes": [_HASH]},
    "BatchOut": _BATCH,
    "BatchPage": {"batches": [_BATCH], "next": "41"},
    "SealBatches": {"seal": _SEAL, "batches": [_BATCH]},
    "IssuerOut": {
        "address": _ISSUER,
        "name": "College",
        "chain": "eip155:31337",
        "contract": _CONTRACT,
        "owner": _ISSUER,
        "pendingOwner": None,
        "anchorCount": 1,
        "batches": [_BATCH],
        "next": None,
    },
    "StatusChangeOut": _CHANGE,
    "StatusChanges": {"changes": [_CHANGE]},
    "Health": {"status": "up"},
    "Readiness": {
        "ready": True,
        "probes": [
            {"name": "store", "ok": True, "detail": "answers"},
            {"name": "chain", "ok": True, "detail": "answers"},
            {"name": "contract", "ok": True, "detail": "answers"},
            {"name": "anchoring", "ok": True, "detail": "no credential waits too long"},
        ],
        "oldestUnanchoredSeconds": 3600,
    },
    "DidDocument": {
        "@context": ["https://www.w3.org/ns/did/v1"],
        "id": "did:web:academy.example",
        "alsoKnownAs": ["did:pkh:eip155:1:0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"],
        "verificationMethod": [],
        "assertionMethod": [],
    },
    "IssuerProfile": {
        "id": "https://academy.example/profile",
        "type": "Profile",
        "name": "Example Academy",
        "publicKey": [{"id": "ecdsa-koblitz-pubkey:0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"}],
    },
    "StatusListToken": "eyJhbGciOiJFZERTQSJ9.eyJ0eXBlIjoiLi4uIn0.c2lnbmF0dXJl",
    "StatusList": {
        "id": "https://academy.example/status-lists/0",
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": "did:web:academy.example",
        "validUntil": "2026-11-25T12:10:00Z",
        "credentialSubject": {
            "type": "BitstringStatusList",
            "statusPurpose": "revocation",
            "encodedList": "uH4sIAAAAAAAC_-3BAQ0AAADCoPdPbQ8HFAAAAAAAAAAAAAAAAAAAAADwaDhDr_xcRAAA",
        },
        "proof": {"type": "DataIntegrityProof", "cryptosuite": "eddsa-rdfc-2022"},
    },
    "Checkpoint": f"eip155:31337/{_CONTRACT}/{_ISSUER}\n2\n"
    "zBWxMiY/1P0nSMDny54cStCv5w/Pk4LuZExNqK8ChqU=\n\n"
    "— did:web:academy.example tH6GN1TLMWJyvuh4+p9dzRfFRws79gp2Fl8ijNIhxUCh7f3KRsMxjumYEqps9dBK79Dh"
    "8+Ka93j1xQdjDoqNZ2Kiggg=\n",
    "Leaves": f"{_OTHER}\n{_HASH}\n",
    "Metrics": "# TYPE rootseal_alarm gauge\nrootseal_alarm 0.0\n",
    "Receipt": _RECEIPT,
    "Report": {
        "verdict": "invalid",
        "summary": "Not valid: The issuer has revoked it.",
        "checks": [
            {
                "name": "status",
                "outcome": "fail",
                "code": "revoked",
                "detail": "The issuer has revoked it.",
                "evidence": {"status": "revoked", "askedAtBlock": 44},
            }
        ],
    },
    "Problem": {
        "type": "urn:rootseal:problem:intake-refused",
        "title": "Intake refused",
        "status": 422,
        "detail": "1 faulty, nothing was added; first: line 2: duplicate key (at /name)",
        "instance": "/v1/credentials",
        "code": "intake-refused",
        "errors": [{"place": "line 2", "reason": "duplicate key (at /name)"}],
    },
}
