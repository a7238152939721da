"""What wallets send and get, for the OpenAPI document: schemas of others' standards, in short."""

from typing import Any, Final  # JSON of any shape

from registry.services.ports import WalletScope

_TEXT: Final = {"type": "string"}
_TEXTS: Final = {"type": "array", "items": _TEXT}
_REGISTRATION: Final = {
    "client_name": {"type": "string", "minLength": 1},
    "redirect_uris": {**_TEXTS, "minItems": 1, "maxItems": 10},
    "token_endpoint_auth_method": {"enum": ["client_secret_basic"]},
    "grant_types": _TEXTS,
    "response_types": {"enum": [["code"]]},
    "scope": _TEXT,
}
WALLET_SCHEMAS: Final[dict[str, dict[str, Any]]] = {
    "WalletBadges": {
        "title": "WalletBadges",
        "type": "object",
        "description": "GetOpenBadgeCredentialsResponse of Open Badges 3.0.",
        "required": ["credential", "compactJwsString"],
        "properties": {
            "credential": {"type": "array", "items": {"type": "object"}},
            "compactJwsString": _TEXTS,
        },
    },
    "HolderProfile": {
        "title": "HolderProfile",
        "type": "object",
        "description": "A Profile of Open Badges 3.0 that does not say who the holder is.",
        "required": ["id", "type"],
    },
    "ServiceDescription": {
        "title": "ServiceDescription",
        "type": "object",
        "description": "Service Description Document of Open Badges 3.0: where wallets register.",
        "required": ["openapi", "info", "components"],
    },
    "ServerMetadata": {
        "title": "ServerMetadata",
        "type": "object",
        "description": "Metadata of the authorization server (RFC 8414).",
        "required": ["issuer", "authorization_endpoint", "token_endpoint"],
    },
    "StatusInfo": {
        "title": "StatusInfo",
        "type": "object",
        "description": "Imsx_StatusInfo, with which 1EdTech's services refuse.",
        "required": ["imsx_codeMajor", "imsx_severity"],
    },
    "OAuthError": {
        "title": "OAuthError",
        "type": "object",
        "description": "An error as OAuth 2.0 writes it (RFC 6749 §5.2).",
        "required": ["error"],
    },
    "ClientRegistration": {
        "title": "ClientRegistration",
        "type": "object",
        "description": "Client metadata (RFC 7591); other members are taken and ignored.",
        "required": ["client_name", "redirect_uris"],
        "properties": _REGISTRATION,
    },
    "RegisteredClient": {
        "title": "RegisteredClient",
        "type": "object",
        "required": ["client_id", "client_secret", "client_secret_expires_at"],
    },
    "TokenRequest": {
        "title": "TokenRequest",
        "type": "object",
        "description": "With the client's id and secret in `Authorization: Basic`.",
        "required": ["grant_type"],
        "properties": {
            "grant_type": {"enum": ["authorization_code", "refresh_token"]},
            **dict.fromkeys(
                ("code", "redirect_uri", "code_verifier", "refresh_token", "scope"), _TEXT
            ),
        },
    },
    "Token": {
        "title": "Token",
        "type": "object",
        "required": ["access_token", "token_type", "expires_in", "scope"],
    },
    "TokenRevocation": {
        "title": "TokenRevocation",
        "type": "object",
        "required": ["token"],
        "properties": {"token": _TEXT, "token_type_hint": _TEXT},
    },
}
_CLIENT: Final = {
    "client_name": "Example Wallet",
    "redirect_uris": ["https://wallet.example/authorized"],
    "token_endpoint_auth_method": "client_secret_basic",
    "grant_types": ["authorization_code", "refresh_token"],
    "response_types": ["code"],
    "scope": f"{WalletScope.CREDENTIALS.value} offline_access",
}
WALLET_EXAMPLES: Final[dict[str, dict[str, Any]]] = {
    "WalletBadges": {"credential": [], "compactJwsString": []},
    "HolderProfile": {
        "id": "urn:uuid:0e9bdb93-41c6-5bd5-9d2d-7a3c8b0d54a1",
        "type": ["Profile"],
    },
    "ServiceDescription": {"openapi": "3.0.1", "info": {}, "components": {}},
    "ServerMetadata": {
        "issuer": "https://academy.example",
        "authorization_endpoint": "https://academy.example/oauth/authorize",
        "token_endpoint": "https://academy.example/oauth/token",
    },
    "StatusInfo": {
        "imsx_codeMajor": "failure",
        "imsx_severity": "error",
        "imsx_description": "this needs an access token that is good now",
        "imsx_codeMinor": {
            "imsx_codeMinorField": [
                {
                    "imsx_codeMinorFieldName": "rootseal",
                    "imsx_codeMinorFieldValue": "unauthorizedrequest",
                }
            ]
        },
    },
    "OAuthError": {"error": "invalid_grant", "error_description": "no such code"},
    "ClientRegistration": _CLIENT,
    "RegisteredClient": {
        **_CLIENT,
        "client_id": "4ad36680810420ed4ad36680810420ed",
        "client_secret": "(shown once)",
        "client_id_issued_at": 1795600000,
        "client_secret_expires_at": 0,
    },
    "TokenRequest": {
        "grant_type": "authorization_code",
        "code": "7c7a73263ee14b2b",
        "redirect_uri": "https://wallet.example/authorized",
        "code_verifier": "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
    },
    "Token": {
        "access_token": "wallet_…",
        "token_type": "Bearer",
        "expires_in": 3600,
        "scope": WalletScope.CREDENTIALS.value,
    },
    "TokenRevocation": {"token": "wallet_…"},
}
