"""HTTP requests to function URLs, signed as IAM asks for them."""

import json
from collections.abc import Mapping
from typing import Any

import urllib3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

_http = urllib3.PoolManager(retries=False, timeout=urllib3.Timeout(connect=5, read=900))


class RefusedError(Exception):
    """A function said no, or did not answer. `status` is HTTP's, `code` and the text are the function's own.

    `retry_after`: in how many seconds the same request may do better.
    """

    def __init__(self, status: int, code: str, message: str, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.retry_after = retry_after


def ask(
    method: str,
    url: str,
    credentials: Credentials,
    region: str,
    body: Any = None,
    kind: type[RefusedError] = RefusedError,
    headers: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Send one request with a body of JSON, and return the answer's. Raises `kind`, also for what is no JSON."""
    data = None if body is None else json.dumps(body).encode()
    sent = {"Content-Type": "application/json", **(headers or {})}
    request = AWSRequest(method=method, url=url, data=data, headers=sent)
    SigV4Auth(credentials, "lambda", region).add_auth(request)
    try:
        response = _http.request(method, request.url, body=data, headers=dict(request.headers))
    except urllib3.exceptions.HTTPError as error:
        raise kind(0, "unreachable", f"no answer from {url}: {error}") from None
    try:
        answer = json.loads(response.data)
    except ValueError:
        raise kind(response.status, "not-json", response.data[:200].decode(errors="replace")) from None
    if response.status != 200:
        said = answer.get("error") or {
            "code": "refused",
            "message": answer.get("Message") or answer.get("message") or str(answer),
        }
        later = response.headers.get("Retry-After", "")
        raise kind(response.status, said["code"], said["message"], int(later) if later.isdigit() else None)
    return dict(answer)
