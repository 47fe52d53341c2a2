"""The body of a request: an object of texts."""

import base64
import json
from typing import Any

from functions.common.errors import ApiError

MAX_BODY_BYTES = 16 * 1024
MIN_REASON, MAX_REASON = 3, 300


def read(event: dict[str, Any], fields: tuple[str, ...], optional: tuple[str, ...] = ()) -> dict[str, str]:
    """Return the fields of a body; those that are not `optional` are there, a `reason` without space around it.

    Raises ApiError 400 and 413.
    """
    body = event.get("body") or ""
    if len(body) > MAX_BODY_BYTES:
        raise ApiError(413, "too_large", f"A request has at most {MAX_BODY_BYTES} bytes.")
    try:
        sent = json.loads(base64.b64decode(body, validate=True) if event.get("isBase64Encoded") else body)
    except (ValueError, RecursionError):
        raise ApiError(400, "bad_request", "The body is not JSON.") from None
    shown = ", ".join([f'"{name}"' for name in fields] + [f'"{name}"?' for name in optional])
    if not isinstance(sent, dict) or not all(isinstance(value, str) for value in sent.values()):
        raise ApiError(400, "bad_request", f"The body is {{{shown}}}, all texts.")
    unknown, missing = sorted(set(sent) - {*fields, *optional}), sorted(set(fields) - set(sent))
    if unknown or missing:
        problem = f"unknown field {unknown[0][:40]!r}" if unknown else f"{missing[0]} is missing"
        raise ApiError(400, "bad_request", f"In the body, {problem}: it is {{{shown}}}.")
    if "reason" in sent:
        sent["reason"] = sent["reason"].strip()
        if not MIN_REASON <= len(sent["reason"]) <= MAX_REASON:
            raise ApiError(400, "bad_request", f"reason has {MIN_REASON} to {MAX_REASON} characters.")
    return sent
