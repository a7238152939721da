"""What wallets are told of this registry: the Service Description Document, and RFC 8414's.

Only what is done here is offered, which is reading: the document is to be a profile of that of
1EdTech (Open Badges 3.0 §B.4.1).
"""

from dataclasses import dataclass
from typing import Any, Final  # OpenAPI is JSON of any shape

from api.shapes import OAUTH, OPEN_BADGES
from api.wallets.access import MEANINGS, SCHEME
from registry.core.documents import Json
from registry.services.ports import WalletScope

_VERSION: Final = "3.0"
_STATUS_INFO: Final = "Imsx_StatusInfo"
_SCHEMAS: Final[dict[str, Any]] = {
    "GetOpenBadgeCredentialsResponse": {
        "type": "object",
        "properties": {
            "credential": {"type": "array", "items": {"type": "object"}},
            "compactJwsString": {"type": "array", "items": {"type": "string"}},
        },
    },
    "Profile": {"type": "object", "required": ["id", "type"]},
    "ServiceDescriptionDocument": {
        "type": "object",
        "required": ["openapi", "info", "components"],
    },
    _STATUS_INFO: {"type": "object", "required": ["imsx_codeMajor", "imsx_severity"]},
}
_QUERY: Final = {
    "limit": {"type": "integer", "minimum": 1},
    "offset": {"type": "integer", "minimum": 0},
    "since": {"type": "string", "format": "date-time"},
}


@dataclass(frozen=True, slots=True)
class Provider:
    """Who hands out badges, and where."""

    name: str
    url: str
    terms_url: str
    privacy_url: str
    image: str | None

    def service_description(self) -> dict[str, Json]:
        """The Service Description Document."""
        info: dict[str, Any] = {
            "title": self.name,
            "version": _VERSION,
            "termsOfService": self.terms_url,
            "x-imssf-privacyPolicyUrl": self.privacy_url,
        }
        if self.image is not None:
            info["x-imssf-image"] = self.image
        return {
            "openapi": "3.0.1",
            "info": info,
            "servers": [{"url": f"{self.url}{OPEN_BADGES}"}],
            "paths": _paths(),
            "components": {
                "securitySchemes": {SCHEME: self._security_scheme()},
                "schemas": _SCHEMAS,
            },
        }

    def server_metadata(self) -> dict[str, Json]:
        """Where the authorization server has what (RFC 8414); revocation stands here alone."""
        return {
            "issuer": self.url,
            "authorization_endpoint": self._at("authorize"),
            "token_endpoint": self._at("token"),
            "registration_endpoint": self._at("register"),
            "revocation_endpoint": self._at("revoke"),
            "scopes_supported": list(MEANINGS),
            "response_types_supported": ["code"],
            "grant_types_supported": ["authorization_code", "refresh_token"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
            "revocation_endpoint_auth_methods_supported": ["client_secret_basic"],
            "code_challenge_methods_supported": ["S256"],
            "service_documentation": f"{self.url}{OPEN_BADGES}/discovery",
            "op_policy_uri": self.privacy_url,
            "op_tos_uri": self.terms_url,
        }

    def _security_scheme(self) -> dict[str, Any]:
        flow = {
            "authorizationUrl": self._at("authorize"),
            "tokenUrl": self._at("token"),
            "refreshUrl": self._at("token"),
            "scopes": MEANINGS,
        }
        return {
            "type": "oauth2",
            "description": "OAuth 2.0 Authorization Code Grant, with PKCE",
            "x-imssf-name": self.name,
            "x-imssf-privacyPolicyUrl": self.privacy_url,
            "x-imssf-termsOfServiceUrl": self.terms_url,
            "x-imssf-registrationUrl": self._at("register"),
            "flows": {"authorizationCode": flow},
        }

    def _at(self, name: str) -> str:
        return f"{self.url}{OAUTH}/{name}"


def _paths() -> dict[str, Any]:
    return {
        "/credentials": {
            "get": {
                **_operation("getCredentials", "GetOpenBadgeCredentialsResponse"),
                "parameters": [
                    {"name": name, "in": "query", "schema": schema}
                    for name, schema in _QUERY.items()
                ],
                "security": [{SCHEME: [WalletScope.CREDENTIALS.value]}],
            }
        },
        "/profile": {
            "get": {
                **_operation("getProfile", "Profile"),
                "security": [{SCHEME: [WalletScope.PROFILE.value]}],
            }
        },
        "/discovery": {
            "get": _operation("getServiceDescription", "ServiceDescriptionDocument"),
        },
    }


def _operation(name: str, schema: str) -> dict[str, Any]:
    return {
        "operationId": name,
        "responses": {
            "200": _answer("The answer.", schema),
            "default": _answer("Refused, or not to be had now.", _STATUS_INFO),
        },
    }


def _answer(description: str, schema: str) -> dict[str, Any]:
    reference = {"$ref": f"#/components/schemas/{schema}"}
    return {
        "description": description,
        "content": {"application/json": {"schema": reference}},
    }
