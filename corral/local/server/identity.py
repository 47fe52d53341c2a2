"""Who signed a request: Signature Version 4 checked against the keys moto's IAM and STS hold.

Checked for every request: the signature over method, path, query, signed headers and body hash, the date
(15 minutes either way), the session token and its expiry. Not checked: the signatures of single chunks of
an `aws-chunked` upload, whose first signature is.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, quote

from botocore.utils import normalize_url_path
from moto.core.request import environ_key_for_header
from moto.iam.models import iam_backends
from moto.sts.models import sts_backends

from corral.local.server.core import AwsError, Caller, Credentials, HttpRequest

ADMINISTRATOR = "administrator"
_SKEW = timedelta(minutes=15)
_SESSION_SECONDS = 3600
_HEX_DIGEST = re.compile(r"[0-9a-f]{64}")
_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256\s+Credential=(?P<credential>[^,\s]+),\s*"
    r"SignedHeaders=(?P<signed>[^,\s]+),\s*Signature=(?P<signature>[0-9a-f]+)"
)


@dataclass(frozen=True)
class Signature:
    """What a request says about its signature. `service` is the signing name, `region` the signed region."""

    access_key_id: str
    date: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    value: str
    time: str
    token: str | None
    presigned: bool
    expires: int = 0


def read_signature(http: HttpRequest) -> Signature | None:
    """Return the signature a request carries, in its header or its query, or None when it is unsigned."""
    authorization = http.headers.get("authorization")
    if authorization is not None:
        found = _AUTHORIZATION.match(authorization)
        if found is None:
            return None
        credential, signed, value = found["credential"], found["signed"], found["signature"]
        time = http.headers.get("x-amz-date", "")
        token, expires, presigned = http.headers.get("x-amz-security-token"), 0, False
    elif "X-Amz-Signature" in http.query:
        credential, signed = http.query.get("X-Amz-Credential", ""), http.query.get("X-Amz-SignedHeaders", "")
        value, time = http.query["X-Amz-Signature"], http.query.get("X-Amz-Date", "")
        token, presigned = http.query.get("X-Amz-Security-Token"), True
        expires = int(http.query.get("X-Amz-Expires", "0") or 0)
    else:
        return None
    parts = credential.split("/")
    if len(parts) != 5:
        return None
    key, date, region, service, _ = parts
    names = tuple(signed.lower().split(";"))
    return Signature(key, date, region, service.lower(), names, value, time, token, presigned, expires)


def create_administrator(account: str, region: str) -> tuple[str, str]:
    """Create the user who may do everything; return its access key id and secret."""
    backend = iam_backends[account]["aws"]
    backend.create_user(region, ADMINISTRATOR)
    key = backend.create_access_key(ADMINISTRATOR)
    return key.access_key_id, key.secret_access_key


def assume_role(account: str, region: str, role_arn: str, session_name: str) -> Credentials:
    """Return keys of a new session of an existing role; AwsError NoSuchEntity when there is no such role."""
    if not any(role.arn == role_arn for role in iam_backends[account]["aws"].get_roles()):
        raise AwsError("NoSuchEntity", f"There is no role {role_arn}", 404)
    session = sts_backends[account]["aws"].assume_role(
        region_name=region,
        role_session_name=session_name,
        role_arn=role_arn,
        policy="",
        duration=_SESSION_SECONDS,
        external_id="",
    )
    caller = Caller(session.arn, account, session.access_key_id, role_arn)
    return Credentials(session.access_key_id, session.secret_access_key, session.session_token, caller)


class Verifier:
    """Verifies signatures of one account. Hold moto's lock while calling it."""

    def __init__(self, account: str) -> None:
        self._account = account
        self._sessions: dict[str, Any] = {}

    def verify(self, http: HttpRequest, signature: Signature, environ: Mapping[str, Any]) -> Caller:
        """Return who signed a request; AwsError 403, with the code AWS uses, when it does not hold."""
        secret, caller = self._key(signature)
        _check_time(signature)
        canonical = _canonical_request(http, signature, environ)
        scope = f"{signature.date}/{signature.region}/{signature.service}/aws4_request"
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        to_sign = f"AWS4-HMAC-SHA256\n{signature.time}\n{scope}\n{digest}"
        key = f"AWS4{secret}".encode()
        for part in (signature.date, signature.region, signature.service, "aws4_request"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        expected = hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected, signature.value):
            raise AwsError(
                "SignatureDoesNotMatch",
                "The request signature we calculated does not match the signature you provided. "
                "Check your AWS Secret Access Key and signing method.",
                403,
            )
        return caller

    def _key(self, signature: Signature) -> tuple[str, Caller]:
        key_id = signature.access_key_id
        session = self._session(key_id)
        if session is not None:
            if signature.token != session.session_token:
                raise _invalid_token()
            if session.expiration.replace(tzinfo=UTC) < datetime.now(UTC):
                message = "The security token included in the request is expired"
                raise AwsError("ExpiredTokenException", message, 403)
            caller = Caller(session.arn, self._account, key_id, session.role_arn)
            return session.secret_access_key, caller
        backend = iam_backends[self._account]["aws"]
        key = backend.access_keys.get(key_id)
        user = backend.get_user_from_access_key_id(key_id)
        if key is None or user is None or key.status != "Active":
            raise _invalid_token()
        return key.secret_access_key, Caller(user.arn, self._account, key_id, None)

    def _session(self, key_id: str) -> Any:
        if key_id not in self._sessions:
            session = sts_backends[self._account]["aws"].get_assumed_role_from_access_key(key_id)
            if session is None:
                return None
            self._sessions[key_id] = session
        return self._sessions[key_id]


def _invalid_token() -> AwsError:
    message = "The security token included in the request is invalid."
    return AwsError("UnrecognizedClientException", message, 403)


def _check_time(signature: Signature) -> None:
    try:
        signed = datetime.strptime(signature.time, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise AwsError(
            "IncompleteSignatureException", "Date must be in ISO-8601 basic format.", 403
        ) from None
    now = datetime.now(UTC)
    latest = signed + (timedelta(seconds=signature.expires) if signature.presigned else _SKEW)
    if not signed - _SKEW <= now <= latest:
        raise AwsError(
            "InvalidSignatureException", f"Signature expired or not yet current: {signature.time}", 403
        )


def _canonical_request(http: HttpRequest, signature: Signature, environ: Mapping[str, Any]) -> str:
    path = http.path if signature.service == "s3" else quote(normalize_url_path(http.path), safe="/~")
    pairs = [
        (_encoded(name), _encoded(value))
        # parse_qsl would read a plus as a blank; AWS reads it as a plus.
        for name, value in parse_qsl(http.query_string.replace("+", "%2B"), keep_blank_values=True)
        if name != "X-Amz-Signature"
    ]
    query = "&".join(f"{name}={value}" for name, value in sorted(pairs))
    headers = "".join(
        f"{name}:{' '.join(environ.get(environ_key_for_header(name), '').split())}\n"
        for name in signature.signed_headers
    )
    return "\n".join(
        (
            http.method,
            path,
            query,
            headers,
            ";".join(signature.signed_headers),
            _payload_hash(http, signature),
        )
    )


def _payload_hash(http: HttpRequest, signature: Signature) -> str:
    stated = http.headers.get("x-amz-content-sha256")
    if signature.presigned and stated is None:
        return "UNSIGNED-PAYLOAD" if signature.service == "s3" else hashlib.sha256(http.body).hexdigest()
    if stated is None:
        return hashlib.sha256(http.body).hexdigest()
    if _HEX_DIGEST.fullmatch(stated) and stated != hashlib.sha256(http.body).hexdigest():
        message = "The provided 'x-amz-content-sha256' header does not match what was computed."
        raise AwsError("XAmzContentSHA256Mismatch", message, 400)
    return stated


def _encoded(text: str) -> str:
    return quote(text, safe="-_.~")
