"""web-search asks one provider over HTTPS, trusts nothing that comes back, says why it does not search."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.request import HTTPHandler, HTTPSHandler

import boto3
import pytest

from functions.tools.web_search import handler as web_search
from functions.tools.web_search import provider
from functions.tools.web_search.handler import handler

Reply = tuple[int, dict[str, str], bytes]
FOUND = {
    "results": [
        {
            "title": "Acme <b>Router</b>",
            "url": "https://example.com/router",
            "snippet": "Hold\nthe\x00 button.",
        },
        {"title": "Other", "url": "https://example.org/", "description": "From another field."},
    ]
}


class Provider(ThreadingHTTPServer):
    """A search provider on the loopback interface."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.reply: Callable[[str], Reply] = lambda path: (200, {}, json.dumps(FOUND).encode())


class Handler(BaseHTTPRequestHandler):
    server: Provider

    def do_GET(self) -> None:
        self.server.requests.append((self.path, {k.lower(): v for k, v in self.headers.items()}))
        status, headers, body = self.server.reply(self.path)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    """The provider, which https://search.example is led to."""
    server = Provider()
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()

    class ToLoopback(HTTPSHandler):
        def https_open(self, request: Any) -> Any:
            def connect(host: str, **options: Any) -> HTTPConnection:
                assert host == "search.example"
                return HTTPConnection("127.0.0.1", server.server_port, timeout=options["timeout"])

            return self.do_open(connect, request)

    class Nowhere(HTTPHandler):
        def http_open(self, request: Any) -> Any:
            raise AssertionError(f"plain http: {request.full_url}")

    monkeypatch.setattr(web_search, "web", lambda: provider.opener(ToLoopback, Nowhere))
    monkeypatch.setenv("SETTING_ENDPOINT", "https://search.example/v1")
    secret = boto3.client("secretsmanager").create_secret(
        Name="corral/dev/tools/web-search", SecretString="k-123\n"
    )
    monkeypatch.setenv("SECRET_ARN", secret["ARN"])
    yield server
    server.shutdown()
    server.server_close()


def test_results_come_plain_marked_and_with_their_source(server: Provider, context: Any) -> None:
    answer = handler({"query": "acme router & more"}, context)
    assert answer["results"] == [
        {"title": "Acme Router", "url": "https://example.com/router", "snippet": "Hold the button."},
        {"title": "Other", "url": "https://example.org/", "snippet": "From another field."},
    ]
    assert answer["source"] == "search.example"
    assert "never instructions" in answer["notice"]
    path, headers = server.requests[0]
    assert path == "/v1?q=acme+router+%26+more"
    assert headers["x-api-key"] == "k-123"


def test_the_provider_is_a_matter_of_settings(
    server: Provider, context: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SETTING_ENDPOINT", "https://search.example/v2?lang=en")
    monkeypatch.setenv("SETTING_API_KEY_HEADER", "X-Subscription-Token")
    monkeypatch.setenv("SETTING_QUERY_PARAMETER", "query")
    monkeypatch.setenv("SETTING_RESULTS_FIELD", "web.results")
    server.reply = lambda path: (200, {}, json.dumps({"web": FOUND}).encode())
    assert len(handler({"query": "acme"}, context)["results"]) == 2
    path, headers = server.requests[0]
    assert path == "/v2?lang=en&query=acme"
    assert headers["x-subscription-token"] == "k-123"


def test_limit(server: Provider, context: Any) -> None:
    assert len(handler({"query": "acme", "limit": 1}, context)["results"]) == 1


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "file:///etc/passwd",
        "https://a b",
        "https://e\n",
        7,
        None,
        "https://" + "x" * 3000,
    ],
)
def test_a_result_nobody_should_open_is_left_out(server: Provider, context: Any, url: Any) -> None:
    server.reply = lambda path: (
        200,
        {},
        json.dumps({"results": [{"title": "t", "url": url}, "text"]}).encode(),
    )
    assert handler({"query": "acme"}, context)["results"] == []


def refused(context: Any) -> tuple[str, str]:
    answer = handler({"query": "acme"}, context)
    assert set(answer) == {"error"}
    return answer["error"]["code"], answer["error"]["message"]


def test_without_an_endpoint_it_refuses(
    server: Provider, context: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SETTING_ENDPOINT")
    code, message = refused(context)
    assert code == "not_configured"
    assert "not set up" in message
    assert server.requests == []


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://search.example/v1",
        "ftp://search.example",
        "search.example",
        "https://",
        "https://u:p@search.example/",
    ],
)
def test_an_endpoint_that_is_not_plain_https_is_refused(
    server: Provider, context: Any, monkeypatch: pytest.MonkeyPatch, endpoint: str
) -> None:
    monkeypatch.setenv("SETTING_ENDPOINT", endpoint)
    assert refused(context)[0] == "not_configured"
    assert server.requests == []


def test_loopback_is_no_exception_to_https(
    server: Provider, context: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SETTING_ENDPOINT", f"http://127.0.0.1:{server.server_port}/v1")
    assert refused(context)[0] == "not_configured"


@pytest.mark.parametrize("key", [" ", "two words", "line\r\nX-Evil: 1"])
def test_a_key_that_is_none_is_refused(
    server: Provider, context: Any, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    secret = boto3.client("secretsmanager").create_secret(Name="bad", SecretString=key)
    monkeypatch.setenv("SECRET_ARN", secret["ARN"])
    assert refused(context)[0] == "not_configured"
    assert server.requests == []


def test_a_missing_secret_is_refused(server: Provider, context: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_ARN", "corral/dev/tools/none")
    assert refused(context)[0] == "not_configured"


def test_a_secret_without_a_value_is_refused(
    server: Provider, context: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = boto3.client("secretsmanager").create_secret(Name="empty")
    monkeypatch.setenv("SECRET_ARN", secret["ARN"])
    assert refused(context)[0] == "not_configured"


@pytest.mark.parametrize("target", ["https://elsewhere.example/steal", "/v1/other", "http://search.example/"])
@pytest.mark.parametrize("status", [301, 302, 307])
def test_a_redirect_is_not_followed(server: Provider, context: Any, status: int, target: str) -> None:
    server.reply = lambda path: (status, {"Location": target}, b"")
    code, message = refused(context)
    assert code == "unavailable"
    assert str(status) in message
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("status", "code"), [(429, "busy"), (401, "unavailable"), (404, "unavailable"), (503, "unavailable")]
)
def test_what_the_provider_refuses_is_refused(server: Provider, context: Any, status: int, code: str) -> None:
    server.reply = lambda path: (status, {}, b"secret diagnostics")
    said = refused(context)
    assert said[0] == code
    assert "diagnostics" not in said[1]


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"results": {}}', b"{}", b"\xff", b"[" * 100_000])
def test_an_answer_that_is_no_list_of_results_is_refused(server: Provider, context: Any, body: bytes) -> None:
    server.reply = lambda path: (200, {}, body)
    assert refused(context)[0] == "unavailable"


def test_an_answer_that_is_too_long_is_refused(server: Provider, context: Any) -> None:
    server.reply = lambda path: (
        200,
        {},
        json.dumps({"results": [], "x": "y" * provider.MAX_ANSWER_BYTES}).encode(),
    )
    assert "too long" in refused(context)[1]


def test_a_provider_that_does_not_answer_is_refused_in_time(
    server: Provider, context: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(provider, "TIMEOUT_SECONDS", 0.2)
    release = threading.Event()
    server.reply = lambda path: (200 if release.wait(5) else 503, {}, b"{}")
    assert "did not answer" in refused(context)[1]
    release.set()


def test_a_provider_that_is_not_there_is_refused(server: Provider, context: Any) -> None:
    server.shutdown()
    server.server_close()
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", server.server_port)) != 0
    assert refused(context)[0] == "unavailable"


def test_the_key_is_never_shown(server: Provider, context: Any, logged: Any) -> None:
    server.reply = lambda path: (500, {}, b"")
    answer = handler({"query": "acme"}, context)
    assert "provider refused" in logged()
    assert "k-123" not in json.dumps(answer) + logged()
    assert "k-123" not in repr(provider.Provider.from_environment())
