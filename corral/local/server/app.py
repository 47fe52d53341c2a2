"""The WSGI application: identifies each request's service and caller, authorizes, dispatches and records it.

Ours answers what moto lacks; everything else is moto's server application, one request at a time. What
neither has answers 501 with the operation's name, and a fault of ours 400: SDKs retry neither.
"""

from __future__ import annotations

import importlib
import logging
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from corral.local.server import admin, authorize, identity, routes, wire
from corral.local.server.core import (
    AwsError,
    Call,
    Caller,
    HttpRequest,
    LocalAws,
    not_implemented,
)
from corral.local.server.faults import Faults

_LOG = logging.getLogger(__name__)

# How each protocol spells the errors this module raises; JSON protocols use them as they are.
_QUERY_SPELLING = {
    "AccessDeniedException": "AccessDenied",
    "ExpiredTokenException": "ExpiredToken",
    "IncompleteSignatureException": "IncompleteSignature",
    "InvalidSignatureException": "SignatureDoesNotMatch",
    "MissingAuthenticationTokenException": "MissingAuthenticationToken",
    "UnrecognizedClientException": "InvalidClientTokenId",
}
_S3_SPELLING = _QUERY_SPELLING | {
    "InvalidSignatureException": "RequestTimeTooSkewed",
    "MissingAuthenticationTokenException": "AccessDenied",
    "UnrecognizedClientException": "InvalidAccessKeyId",
}


class App:
    """The server's application. `moto_app` is moto's own WSGI application."""

    def __init__(self, aws: LocalAws, moto_app: Any) -> None:
        self.aws = aws
        self._moto_app = moto_app
        self._faults = Faults()
        self._verifier = identity.Verifier(aws.account)
        aws.perform = self.perform

    def __call__(self, environ: Mapping[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer one request."""
        request_id = str(uuid.uuid4())
        status, headers, body = self._answer(environ, request_id)
        if not any(name.lower() == "x-amzn-requestid" for name in headers):
            headers["x-amzn-RequestId"] = request_id
        start_response(f"{status} {'OK' if status < 400 else 'Error'}", list(headers.items()))
        return body

    def _answer(self, environ: Mapping[str, Any], request_id: str) -> wire.Response:
        service, protocol, operation = "", "rest-json", None
        try:
            http = wire.read_request(environ)
            if http.path.startswith(admin.PREFIX):
                return admin.handle(self.aws, self._faults, http)
            signature = identity.read_signature(http)
            if signature is None:
                service = (
                    "" if http.path.startswith(("/gateways/", "/lambda-url/")) else _unsigned_service(http)
                )
                protocol = routes.protocol_of(service, http)
                message = "Request is missing Authentication Token"
                raise AwsError("MissingAuthenticationTokenException", message, 403)
            target = routes.find(environ, http, signature.service)
            service, protocol, operation = target.service, target.protocol, target.operation
            if target.raw:
                _check_scope(signature, target.service, self.aws.region)
            with self.aws.moto_lock:
                caller = self._verifier.verify(http, signature, environ)
            call = Call(service, target.operation_name, target.params, caller, self.aws, request_id, http)
            return self._dispatch(call, target, environ)
        except AwsError as error:
            return wire.error_response(
                _spelled(error, service, protocol), service, protocol, request_id, operation
            )
        except Exception:
            fault = self._fault(f"{service} request")
            return wire.error_response(fault, service, protocol, request_id)

    def _dispatch(self, call: Call, target: routes.Target, environ: Mapping[str, Any]) -> wire.Response:
        if target.operation is not None:
            call.params = wire.parse(target.operation, environ, call.http.body)
        if target.service in routes.MODELLED and not target.raw:
            if target.operation is None or target.module is None:
                raise not_implemented(target.service, target.operation_name)
            return wire.serialize(target.operation, self._run(call, target.module))
        with self._failure_recorded(call):
            self._faults.strike(call)
            if target.raw:
                status, headers, body = importlib.import_module(str(target.module)).handle_raw(call)
            else:
                authorize.check(call)
                status, headers, body = self._moto(call, environ)
        # moto makes up a request id of its own: the record must have the one the caller saw.
        ids = [value for name, value in headers.items() if name.lower() == "x-amzn-requestid"]
        call.request_id = next(iter(ids), call.request_id)
        self.aws.trail.record(call, _error_in(status, headers, body))
        return status, headers, [body]

    def perform(self, service: str, operation: str, params: dict[str, Any], caller: Caller) -> dict[str, Any]:
        """Call a modelled operation in this process, authorized and recorded as if it came over HTTP."""
        module = routes.MODELLED.get(service)
        if module is None:
            raise not_implemented(service, operation)
        http = HttpRequest("POST", "/", {}, {"user-agent": "corral"}, b"")
        return self._run(Call(service, operation, params, caller, self.aws, str(uuid.uuid4()), http), module)

    def _run(self, call: Call, module: str) -> dict[str, Any]:
        with self._failure_recorded(call):
            self._faults.strike(call)
            authorize.check(call)
            output: dict[str, Any] = importlib.import_module(module).handle(call)
        for name, value in output.items():
            if isinstance(value, Iterator):
                output[name] = self._streamed(call, value)
                return output
        self.aws.trail.record(call)
        return output

    @contextmanager
    def _failure_recorded(self, call: Call) -> Iterator[None]:
        """Record a call that fails, and make a fault of ours an answer that says so."""
        try:
            yield
        except AwsError as error:
            self.aws.trail.record(call, error)
            raise
        except Exception:
            fault = self._fault(f"{call.service}:{call.operation}")
            self.aws.trail.record(call, fault)
            raise fault from None

    def _streamed(self, call: Call, events: Iterator[Any]) -> Iterator[Any]:
        """Pass a stream on; record the call when it ends."""
        error: AwsError | None = None
        try:
            yield from events
        except AwsError as raised:
            error = raised
            raise
        except Exception:
            error = self._fault(f"{call.service}:{call.operation}")
            raise error from None
        finally:
            self.aws.trail.record(call, error)

    def _moto(self, call: Call, environ: Mapping[str, Any]) -> tuple[int, dict[str, str], bytes]:
        started: list[tuple[int, dict[str, str]]] = []

        def start_response(status: str, headers: list[tuple[str, str]], _: Any = None) -> None:
            started.append((int(status.split()[0]), dict(headers)))

        try:
            with self.aws.moto_lock:
                chunks = self._moto_app(wire.replayable(environ, call.http.body), start_response)
                body = b"".join(chunks)
                if hasattr(chunks, "close"):
                    chunks.close()
        except NotImplementedError:
            raise not_implemented(call.service, call.operation) from None
        status, headers = started[-1]
        if status in (404, 405) and body.startswith(b"<!doctype html>"):
            # No route of moto's: its web framework's own page.
            raise not_implemented(call.service, call.operation)
        # SDKs try again after a 5xx, aws-native's provider for minutes; trying again never helps here.
        return 400 if status >= 500 else status, headers, body

    def _fault(self, where: str) -> AwsError:
        _LOG.exception("fault in %s", where)
        return AwsError("LocalAwsFault", f"the local AWS failed in {where}; its log says why", 400)


def _check_scope(signature: identity.Signature, service: str, region: str) -> None:
    """A raw route is found by its path, so that what it was signed for has not been looked at yet."""
    for name, given, right in (("service", signature.service, service), ("region", signature.region, region)):
        if given != right:
            message = f"Credential should be scoped to correct {name}: '{right}'."
            raise AwsError("InvalidSignatureException", message, 403)


def _unsigned_service(http: HttpRequest) -> str:
    """An unsigned request names no service: a target or an action tells JSON and query, the rest is S3's."""
    plain_form = http.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
    return "" if "x-amz-target" in http.headers or plain_form else "s3"


def _spelled(error: AwsError, service: str, protocol: str) -> AwsError:
    if protocol in ("json", "rest-json"):
        code = {"SignatureDoesNotMatch": "InvalidSignatureException"}.get(error.code, error.code)
    else:
        code = (_S3_SPELLING if service == "s3" else _QUERY_SPELLING).get(error.code, error.code)
    return AwsError(code, error.message, error.status)


def _error_in(status: int, headers: Mapping[str, str], body: bytes) -> AwsError | None:
    """The error in an answer of moto's or of a raw route, for the trail."""
    if status < 400:
        return None
    code, message = wire.read_error({name.lower(): value for name, value in headers.items()}, body)
    return AwsError(code, message, status)
