"""People who decide, as the approvals function gets to know them: through its URL, signed in a team's role."""

import json
from typing import Any

from functions.approvals.handler import handler

ROLES = "arn:aws:sts::123456789012:assumed-role/corral-dev-team-"


class Context:
    aws_request_id = "5d4bf8ab-0000-4000-8000-000000000000"


def arn(name: str, team: str = "support", role: str = "approver") -> str:
    return f"{ROLES}{team}-{role}/{name}"


def ask(
    who: str | None, method: str, path: str, body: Any = None, query: str = ""
) -> tuple[int, dict[str, Any]]:
    """Send a request as somebody. Returns status and body."""
    event: dict[str, Any] = {
        "rawPath": f"/v1/approvals{path}",
        "rawQueryString": query,
        "requestContext": {
            "http": {"method": method},
            "authorizer": {"iam": {"userArn": who}} if who else None,
        },
    }
    if body is not None:
        event["body"] = body if isinstance(body, str) else json.dumps(body)
    answer = handler(event, Context())  # type: ignore[arg-type]
    return answer["statusCode"], json.loads(answer["body"])


def approve(who: str, key: str, **body: Any) -> tuple[int, dict[str, Any]]:
    return ask(who, "POST", f"/{key}/approve", body)


def deny(who: str, key: str, reason: str = "Not this one.") -> tuple[int, dict[str, Any]]:
    return ask(who, "POST", f"/{key}/deny", {"reason": reason})


def sweep() -> dict[str, Any]:
    """Have the function do what is due, as its schedule does."""
    return handler({"sweep": True}, Context())  # type: ignore[arg-type]
