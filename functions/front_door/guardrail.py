"""The guardrail of an agent's level, over what goes in and what comes out. If it cannot be asked, nothing passes.

Grounding is not checked here: it needs the passages an answer rests on, which only the harness has in full.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError

from functions.common.aws import client, error_code
from functions.common.errors import ApiError

logger = Logger()

MAX_CHARACTERS = 20_000  # in one request; AWS's default quota is 25 text units of 1,000 characters a second
_WITHOUT_WORDS = "This request is not allowed."


@dataclass(frozen=True)
class Verdict:
    """What may pass: the text, masked where the guardrail masks; or, if blocked, its own message."""

    text: str
    blocked: bool


def apply(level: str, source: Literal["INPUT", "OUTPUT"], text: str) -> Verdict:
    """Ask the guardrail of a level about a text. ApiError 502 if there is none or it does not answer."""
    applied = json.loads(os.environ["GUARDRAILS"]).get(level)
    if applied is None:
        logger.error("no such guardrail", extra={"level": level})
        raise ApiError(502, "guardrail_unavailable", "The request could not be checked.")
    passed = []
    for part in _parts(text):
        try:
            answer = client("bedrock-runtime").apply_guardrail(
                guardrailIdentifier=applied["id"],
                guardrailVersion=applied["version"],
                source=source,
                content=[{"text": {"text": part}}],
            )
        except (ClientError, BotoCoreError) as error:
            logger.error("guardrail not asked", extra={"cause": error_code(error), "side": source})
            raise ApiError(
                502, "guardrail_unavailable", "The request could not be checked. Try again.", retry_after=5
            ) from None
        said = "".join(output.get("text", "") for output in answer["outputs"])
        if answer["action"] == "NONE":
            passed.append(part)
        elif _only_masked(answer["assessments"]) and said:
            passed.append(said)
        else:
            return Verdict(said or _WITHOUT_WORDS, blocked=True)
    return Verdict("".join(passed), blocked=False)


def _only_masked(assessments: list[Any]) -> bool:
    """Whether the guardrail stepped in only to mask. One that does not say what it did has blocked."""
    actions = set(_actions(assessments)) - {"NONE"}
    return actions == {"ANONYMIZED"}


def _actions(found: Any) -> Iterator[str]:
    if isinstance(found, dict):
        if isinstance(found.get("action"), str):
            yield found["action"]
        found = list(found.values())
    if isinstance(found, list):
        for item in found:
            yield from _actions(item)


def _parts(text: str) -> Iterator[str]:
    """Cut a long text into what one request takes, at a space if there is one."""
    while len(text) > MAX_CHARACTERS:
        cut = text.rfind(" ", MAX_CHARACTERS // 2, MAX_CHARACTERS) + 1 or MAX_CHARACTERS
        yield text[:cut]
        text = text[cut:]
    if text.strip():
        yield text
