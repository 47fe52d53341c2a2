"""HTTP requests to function URLs, signed as IAM asks for them."""

import json
from typing import Any

import urllib3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

_http = urllib3.PoolManager(retries=False, timeout=urllib3.Timeout(connect=5, read=900))


class RefusedError(Exception):
    """A function said no, or did not answer. `status` is HTTP's, `code` and the text are the function's own."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


def ask(
    method: str,
    url: str,
    credentials: Credentials,
    region: str,
    body: Any = None,
    kind: type[RefusedError] = RefusedError,
) -> dict[str, Any]:
    """Send one request with a body of JSON, and return the answer's. Raises `kind`, also for what is no JSON."""
    data = None if body is None else json.dumps(body).encode()
    request = AWSRequest(method=method, url=url, data=data, headers={"Content-Type": "application/json"})
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
        raise kind(response.status, said["code"], said["message"])
    return dict(answer)
