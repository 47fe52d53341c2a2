"""The search provider: how this environment reaches it, and one request to it over HTTPS."""

import json
import os
import re
import time
from dataclasses import dataclass, field
from functools import lru_cache
from http.client import HTTPException
from typing import IO, Any
from urllib.error import HTTPError
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, OpenerDirector, Request, build_opener

from aws_lambda_powertools import Logger
from botocore.exceptions import ClientError

from functions.common.aws import client, error_code
from functions.common.tool import RefusalError

logger = Logger()

TIMEOUT_SECONDS = 8
MAX_ANSWER_BYTES = 1024 * 1024
_KEY_SECONDS = 300  # for how long a rotated key may still be used
_GO_ON = "Go on without the web and say that it could not be searched."


@dataclass(frozen=True)
class Provider:
    """A search API that takes the query in its address and answers JSON."""

    endpoint: str
    key_header: str
    key: str = field(repr=False)
    query_parameter: str
    results_field: str

    @property
    def host(self) -> str:
        """Return the provider's host name."""
        return urlsplit(self.endpoint).hostname or ""

    @classmethod
    def from_environment(cls) -> "Provider":
        """Return this environment's provider. Refused if it has none, or one not reached by https."""
        endpoint = os.environ.get("SETTING_ENDPOINT", "")
        if not endpoint:
            raise RefusalError("not_configured", f"Web search is not set up in this environment. {_GO_ON}")
        address = urlsplit(endpoint)
        if address.scheme != "https" or not address.hostname or address.username:
            raise RefusalError(
                "not_configured", f"Web search is set up wrongly: its endpoint is no https address. {_GO_ON}"
            )
        return cls(
            endpoint=endpoint,
            key_header=os.environ.get("SETTING_API_KEY_HEADER", "X-Api-Key"),
            key=_key(os.environ["SECRET_ARN"], int(time.time() // _KEY_SECONDS)),
            query_parameter=os.environ.get("SETTING_QUERY_PARAMETER", "q"),
            results_field=os.environ.get("SETTING_RESULTS_FIELD", "results"),
        )


@lru_cache(maxsize=1)
def _key(secret: str, window: int) -> str:
    """Return the provider's key; `window` makes it be read anew now and then."""
    try:
        key = client("secretsmanager").get_secret_value(SecretId=secret).get("SecretString", "").strip()
    except ClientError as error:
        if error_code(error) != "ResourceNotFoundException":
            raise
        key = ""
    if not re.fullmatch(r"[!-~]+", key):  # what a header can carry
        raise RefusalError("not_configured", f"Web search has no usable key in this environment. {_GO_ON}")
    return str(key)


class _NoRedirects(HTTPRedirectHandler):
    """A redirect is an error: followed, it would carry the key to wherever it points."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> None:
        return None


def opener(*handlers: Any) -> OpenerDirector:
    """Return what opens addresses: https, no redirects, and what else it is given."""
    return build_opener(_NoRedirects, *handlers)


def search(provider: Provider, query: str, web: OpenerDirector) -> list[Any]:
    """Ask the provider. Refused, with the cause in the log, if it does not answer with a list of results."""
    separator = "&" if urlsplit(provider.endpoint).query else "?"
    request = Request(  # noqa: S310 - Provider lets only https pass
        f"{provider.endpoint}{separator}{urlencode({provider.query_parameter: query})}",
        headers={
            provider.key_header: provider.key,
            "Accept": "application/json",
            "User-Agent": "corral-web-search",
        },
    )
    try:
        with web.open(request, timeout=TIMEOUT_SECONDS) as answer:
            body = answer.read(MAX_ANSWER_BYTES + 1)
    except HTTPError as error:
        logger.error("provider refused", extra={"status": error.code, "host": provider.host})
        if error.code == 429:
            raise RefusalError(
                "busy", "The search provider is busy. Try again once, a little later."
            ) from None
        raise RefusalError(
            "unavailable", f"The search provider refused the request ({error.code}). {_GO_ON}"
        ) from None
    except (OSError, HTTPException) as error:
        logger.error("provider not reached", extra={"cause": type(error).__name__, "host": provider.host})
        raise RefusalError("unavailable", f"The search provider did not answer. {_GO_ON}") from None
    if len(body) > MAX_ANSWER_BYTES:
        raise RefusalError("unavailable", f"The search provider's answer was too long. {_GO_ON}")
    try:
        found = json.loads(body)
        for name in provider.results_field.split("."):
            found = found[name]
    except (ValueError, KeyError, TypeError, RecursionError):
        found = None
    if not isinstance(found, list):
        logger.error("no list of results", extra={"field": provider.results_field, "host": provider.host})
        raise RefusalError("unavailable", f"The search provider's answer was not understood. {_GO_ON}")
    return found
