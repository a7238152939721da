"""The shapes of an error: a problem of RFC 9457, but where a standard of others asks for its own.

Under `/ims/ob/v3p0/` it is 1EdTech's Imsx_StatusInfo (Open Badges 3.0 §B.3.1), under `/oauth/` that
of RFC 6749 §5.2. The VC-API takes problems, but no 422.
"""

from typing import Any, Final  # Any: JSON

import orjson

from registry.client.models import Problem

OPEN_BADGES: Final = "/ims/ob/v3p0"
OAUTH: Final = "/oauth"
PROBLEM_TYPE: Final = "application/problem+json"
_JSON: Final = "application/json"

_VC_API: Final = ("/credentials/", "/presentations/")
# None of these standards knows 422.
_OTHERS_STATUS: Final = {422: 400}
_MINOR_CODES: Final = {
    400: "invalid_query_parameter",
    401: "unauthorizedrequest",
    403: "forbidden",
    404: "not_found",
    405: "not_allowed",
    406: "not_acceptable",
    429: "server_busy",
    500: "internal_server_error",
    503: "server_busy",
}
_OAUTH_CODES: Final = {
    401: "invalid_client",
    429: "temporarily_unavailable",
    500: "server_error",
    503: "temporarily_unavailable",
}


def schema_at(path: str) -> tuple[str, str]:
    """Name of the schema of errors at a path, and their media type."""
    if path.startswith(f"{OPEN_BADGES}/"):
        return "StatusInfo", _JSON
    if path.startswith(f"{OAUTH}/"):
        return "OAuthError", _JSON
    return "Problem", PROBLEM_TYPE


def shaped(problem: Problem) -> tuple[int, str, bytes]:
    """Status, media type and body of an error, in the shape of the place where it happened."""
    name, media_type = schema_at(problem.instance)
    if problem.instance.startswith(_VC_API) and problem.status in _OTHERS_STATUS:
        problem = problem.model_copy(update={"status": _OTHERS_STATUS[problem.status]})
    if name == "Problem":
        return problem.status, media_type, problem.model_dump_json(exclude_none=True).encode()
    status = _OTHERS_STATUS.get(problem.status, problem.status)
    body = _status_info(status, problem) if name == "StatusInfo" else _oauth(status, problem)
    return status, media_type, orjson.dumps(body)


def _status_info(status: int, problem: Problem) -> dict[str, Any]:
    minor = {
        "imsx_codeMinorFieldName": "rootseal",
        "imsx_codeMinorFieldValue": _MINOR_CODES.get(status, "unknown"),
    }
    return {
        "imsx_codeMajor": "unsupported" if status == 405 else "failure",
        "imsx_severity": "status" if status == 404 else "error",
        "imsx_description": problem.detail,
        "imsx_codeMinor": {"imsx_codeMinorField": [minor]},
    }


def _oauth(status: int, problem: Problem) -> dict[str, Any]:
    # OAuth's own words have an underscore, ours none.
    code = problem.code if "_" in problem.code else _OAUTH_CODES.get(status, "invalid_request")
    # RFC 6749 §5.2: printable ASCII but " and \\.
    sayable = (sign if " " <= sign <= "~" and sign not in '"\\' else "?" for sign in problem.detail)
    return {"error": code, "error_description": "".join(sayable)}
