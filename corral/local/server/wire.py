"""AWS's wire protocols for any service botocore models: a request's operation, its parameters, the answer.

Parsing and serialising is moto's; this module adds error answers, and event streams sent frame by frame.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from xml.sax.saxutils import escape

from botocore.exceptions import UnknownServiceError
from moto.core.eventstream import EventStream, EventStreamEncoder, EventStreamMessage
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import Request, determine_request_protocol
from moto.core.routing import get_service_router
from moto.core.serialize import get_serializer_class
from moto.core.utils import get_service_model
from werkzeug.exceptions import NotFound

from corral.local.server.core import AwsError, HttpRequest

_XML_CODE = re.compile("<Code>(.*?)</Code>")
_XML_MESSAGE = re.compile("<Message>(.*?)</Message>", re.DOTALL)

Headers = dict[str, str]
Response = tuple[int, Headers, Iterable[bytes]]


@dataclass(frozen=True)
class Operation:
    """One operation of a service's botocore model, and the protocol the request spoke."""

    service: str
    name: str
    protocol: str
    model: Any
    uri_params: dict[str, str]


class _PlainRequest(Request):
    """A request whose form size has no limit of its own: the body is in memory already."""

    from_wsgi_server = True


def read_request(environ: Mapping[str, Any]) -> HttpRequest:
    """Take a WSGI request apart, and read its body."""
    length = environ.get("CONTENT_LENGTH")
    if environ.get("wsgi.input_terminated"):
        body = environ["wsgi.input"].read()
    else:
        body = environ["wsgi.input"].read(int(length)) if length else b""
    request = _PlainRequest(_with_body(environ, b""))
    return HttpRequest(
        method=request.method,
        path=request.raw_path,
        query={name: values[-1] for name, values in request.args.lists()},
        headers={name.lower(): value for name, value in request.headers.items()},
        body=body,
        query_string=environ.get("QUERY_STRING", ""),
    )


def _with_body(environ: Mapping[str, Any], body: bytes) -> dict[str, Any]:
    copy = dict(environ, CONTENT_LENGTH=str(len(body)))
    copy["wsgi.input"] = io.BytesIO(body)
    copy.pop("wsgi.input_terminated", None)
    copy.pop("HTTP_TRANSFER_ENCODING", None)
    return copy


def replayable(environ: Mapping[str, Any], body: bytes) -> dict[str, Any]:
    """Return the WSGI environment with its body unread, for another application."""
    return _with_body(environ, body)


@cache
def has_model(service: str) -> bool:
    """Whether botocore models a service of this name."""
    try:
        get_service_model(service)
    except UnknownServiceError:
        return False
    return True


def match(service: str, environ: Mapping[str, Any], body: bytes) -> Operation | None:
    """Return the operation of a service that a request is for, or None when it has none such."""
    request = _PlainRequest(_with_body(environ, body))
    try:
        model, uri_params = get_service_router(service).match(request)
        protocol = determine_request_protocol(get_service_model(service), request.content_type)
    except (NotFound, NotImplementedError):
        return None
    return Operation(service, model.name, protocol, model, uri_params)


def parse(operation: Operation, environ: Mapping[str, Any], body: bytes) -> dict[str, Any]:
    """Return a request's parameters, named as in botocore's model; AwsError when it cannot be read."""
    request = _PlainRequest(_with_body(environ, body))
    form = operation.protocol in ("query", "ec2")
    try:
        parsed = PROTOCOL_PARSERS[operation.protocol](operation.model).parse(
            {
                "method": request.method,
                "values": request.values if form else request.args,
                "headers": request.headers,
                "body": body,
                "url_path": request.path,
                "url_params": operation.uri_params,
            }
        )
    except Exception as fault:
        raise AwsError("SerializationException", f"The request could not be read: {fault}") from fault
    return {name: value for name, value in parsed.items() if value is not None}


def serialize(operation: Operation, output: Mapping[str, Any]) -> Response:
    """Return the HTTP answer for an operation's output; an event stream stays lazy."""
    serializer = get_serializer_class(operation.service, operation.protocol)(operation.model)
    if operation.model.has_event_stream_output:
        frames = serializer._event_stream_serializer
        assert frames is not None
        stream = EventStream(output, operation.model.output_shape, frames)
        headers = {"Content-Type": "application/vnd.amazon.eventstream"}
        # Members outside the stream (a session id, say) travel as headers.
        plain = serializer._create_default_response()
        shape = operation.model.output_shape
        for name, member in shape.members.items():
            if member.serialization.get("location") == "header" and output.get(name) is not None:
                headers[member.serialization["name"]] = str(output[name])
        return plain["status_code"], headers, _frames(stream, shape.members[shape.event_stream_name])
    answer = serializer.serialize(output)
    content = answer["body"]
    return (
        answer["status_code"],
        dict(answer["headers"]),
        [content.encode() if isinstance(content, str) else content],
    )


def _frames(stream: EventStream, shape: Any) -> Iterator[bytes]:
    encoder = EventStreamEncoder()
    try:
        for message in stream:
            variant = str(message.headers[":event-type"])
            member = shape.members.get(variant)
            if member is not None and member.metadata.get("exception"):
                message.headers[":message-type"] = "exception"
                message.headers[":exception-type"] = variant
                del message.headers[":event-type"]
            yield encoder.encode_event(message)
    except AwsError as error:
        yield encoder.encode_event(_exception_frame(shape, error))


def _exception_frame(shape: Any, error: AwsError) -> EventStreamMessage:
    """An error after the stream began: the member of that exception, or an unmodelled error."""
    variant = next((name for name, member in shape.members.items() if member.name == error.code), None)
    if variant is None:
        headers: dict[str, Any] = {
            ":message-type": "error",
            ":error-code": error.code,
            ":error-message": error.message,
        }
        return EventStreamMessage(headers, b"")
    headers = {
        ":message-type": "exception",
        ":exception-type": variant,
        ":content-type": "application/json",
    }
    return EventStreamMessage(headers, json.dumps({"message": error.message}).encode())


def error_response(
    error: AwsError, service: str, protocol: str, request_id: str, operation: Operation | None = None
) -> Response:
    """Return the HTTP answer for an error, as the protocol spells it."""
    status = _modelled_status(error, operation) if operation else error.status
    if protocol in ("json", "rest-json", "smithy-rpc-v2-cbor"):
        body = json.dumps({"__type": error.code, "message": error.message, "Message": error.message})
        content_type = "application/json" if protocol == "rest-json" else "application/x-amz-json-1.0"
        return status, {"Content-Type": content_type, "x-amzn-ErrorType": error.code}, [body.encode()]
    code, message = escape(error.code), escape(error.message)
    if service == "s3":
        content = f"<Code>{code}</Code><Message>{message}</Message><RequestId>{request_id}</RequestId>"
        xml = f"<Error>{content}</Error>"
    else:
        xml = (
            f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
            f"<RequestId>{request_id}</RequestId></ErrorResponse>"
        )
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    return status, {"Content-Type": "text/xml"}, [(head + xml).encode()]


def _modelled_status(error: AwsError, operation: Operation) -> int:
    """The status the service's model gives an error, unless the service chose one itself."""
    if error.status != 400:
        return error.status
    for shape in operation.model.error_shapes:
        if error.code in (shape.name, shape.error_code):
            return int(shape.metadata.get("error", {}).get("httpStatusCode", 400))
    return 400


def read_error(headers: Mapping[str, str], body: bytes) -> tuple[str, str]:
    """Return code and message of an error answer; headers in lower case."""
    text = body.decode(errors="replace")
    if text.lstrip().startswith("<"):
        code, message = _XML_CODE.search(text), _XML_MESSAGE.search(text)
        return (code[1] if code else "Unknown"), (message[1] if message else "")
    try:
        content = json.loads(text) if text else {}
    except ValueError:
        content = {}
    if not isinstance(content, dict):
        content = {}
    code_text = headers.get("x-amzn-errortype") or content.get("__type") or content.get("code") or "Unknown"
    said = content.get("message") or content.get("Message") or ""
    return str(code_text).split(":")[0].split("#")[-1], str(said)
