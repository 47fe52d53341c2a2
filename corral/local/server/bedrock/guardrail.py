"""ApplyGuardrail: words, personal data, custom patterns, denied topics and prompt attacks of a guardrail.

`detectors` says how each is found and what is never found; contextual grounding is not evaluated. Matching
BLOCK rules replace the whole text by the guardrail's message, ANONYMIZE rules only the match, by `{TYPE}` or
`{name of the pattern}`.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from corral.local.server.bedrock import detectors
from corral.local.server.core import AwsError, Call, not_implemented

_GUARDRAIL = "AWS::Bedrock::Guardrail"
_DONE = {"BLOCK": "BLOCKED", "ANONYMIZE": "ANONYMIZED", "NONE": "NONE"}
_UNIT = 1000  # characters in one text unit of the usage

Found = dict[str, Any]


def apply_guardrail(call: Call) -> dict[str, Any]:
    """Assess the texts of one request."""
    began = time.monotonic()
    guardrail = _guardrail(call)
    if call.params.get("outputScope") == "FULL":
        raise not_implemented("bedrock-runtime", "ApplyGuardrail with outputScope FULL")
    side = "Input" if call.params["source"] == "INPUT" else "Output"
    texts = list(_texts(call.params["content"]))
    whole = "\n".join(texts)
    rules = _Rules(guardrail, side)
    topics, filters = list(rules.topics(whole)), list(rules.content(whole))
    blocked_words = list(rules.words(whole))
    pii, patterns = list(rules.pii(whole)), list(rules.regexes(whole))
    found = [*topics, *filters, *blocked_words, *pii, *patterns]
    actions = {item["action"] for item in found}
    outputs: list[str] = []
    if "BLOCKED" in actions:
        message = "BlockedInputMessaging" if side == "Input" else "BlockedOutputsMessaging"
        outputs, reason = [guardrail[message]], "Guardrail blocked."
    elif "ANONYMIZED" in actions:
        outputs, reason = [_masked(text, [*pii, *patterns]) for text in texts], "Guardrail masked."
    else:
        reason = "No action."
    usage = _usage(guardrail, len(whole))
    assessment: dict[str, Any] = {
        "invocationMetrics": {
            "guardrailProcessingLatency": int((time.monotonic() - began) * 1000),
            "usage": usage,
            "guardrailCoverage": {"textCharacters": {"guarded": len(whole), "total": len(whole)}},
        }
    }
    if topics:
        assessment["topicPolicy"] = {"topics": topics}
    if filters:
        assessment["contentPolicy"] = {"filters": filters}
    if blocked_words:
        assessment["wordPolicy"] = {"customWords": blocked_words, "managedWordLists": []}
    if pii or patterns:
        assessment["sensitiveInformationPolicy"] = {"piiEntities": pii, "regexes": patterns}
    return {
        "usage": usage,
        "action": "GUARDRAIL_INTERVENED" if outputs else "NONE",
        "actionReason": reason,
        "outputs": [{"text": text} for text in outputs],
        "assessments": [assessment],
    }


def _guardrail(call: Call) -> dict[str, Any]:
    """The guardrail a call names, when the caller may apply it."""
    identifier = call.params["guardrailIdentifier"].rpartition("/")[2]
    version = call.params["guardrailVersion"]
    present = call.aws.store.find(_GUARDRAIL, GuardrailId=identifier)
    if present is None:
        raise AwsError("ResourceNotFoundException", f"The guardrail {identifier} does not exist.", 404)
    arn: str = present["GuardrailArn"]
    call.trail["resources"] = [{"accountId": call.aws.account, "type": _GUARDRAIL, "ARN": arn}]
    call.trail["requestParameters"] = {
        "guardrailIdentifier": identifier,
        "guardrailVersion": version,
        "source": call.params["source"],
    }
    call.aws.authorize(call.caller, "bedrock:ApplyGuardrail", arn)
    versions: Any = call.aws.store  # the Store protocol does not name this method
    content: dict[str, Any] = versions.guardrail_version(arn, version)
    return content


def _texts(content: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """The texts to guard: not those that are only a source or a query for grounding."""
    for block in content:
        if "text" not in block:
            raise not_implemented("bedrock-runtime", "ApplyGuardrail with images")
        qualifiers = block["text"].get("qualifiers") or ["guard_content"]
        if "guard_content" in qualifiers:
            yield block["text"]["text"]


class _Rules:
    """A guardrail's rules on one side, input or output; each method yields what it found, as AWS lists it."""

    def __init__(self, guardrail: Mapping[str, Any], side: str) -> None:
        self._guardrail = guardrail
        self._side = side

    def topics(self, text: str) -> Iterator[Found]:
        for topic, action in self._enabled("TopicPolicyConfig", "TopicsConfig"):
            if detectors.on_topic(topic, text):
                yield {"name": topic["Name"], "type": "DENY", "action": action, "detected": True}

    def content(self, text: str) -> Iterator[Found]:
        for rule, action in self._enabled("ContentPolicyConfig", "FiltersConfig"):
            strength = rule[f"{self._side}Strength"]
            if rule["Type"] == "PROMPT_ATTACK" and strength != "NONE" and detectors.prompt_attack(text):
                yield {
                    "type": "PROMPT_ATTACK",
                    "confidence": "HIGH",
                    "filterStrength": strength,
                    "action": action,
                    "detected": True,
                }

    def words(self, text: str) -> Iterator[Found]:
        for rule, action in self._enabled("WordPolicyConfig", "WordsConfig"):
            for match in detectors.words([rule["Text"]], text):
                yield {"match": match, "action": action, "detected": True}

    def pii(self, text: str) -> Iterator[Found]:
        for rule, action in self._enabled("SensitiveInformationPolicyConfig", "PiiEntitiesConfig"):
            for match in dict.fromkeys(detectors.personal_data(rule["Type"], text)):
                yield {"match": match, "type": rule["Type"], "action": action, "detected": True}

    def regexes(self, text: str) -> Iterator[Found]:
        for rule, action in self._enabled("SensitiveInformationPolicyConfig", "RegexesConfig"):
            try:
                matches = list(dict.fromkeys(detectors.custom(rule["Pattern"], text)))
            except TimeoutError as error:
                message = f"The pattern {rule['Name']} took too long."
                raise AwsError("ValidationException", message) from error
            for match in matches:
                yield {
                    "name": rule["Name"],
                    "match": match,
                    "regex": rule["Pattern"],
                    "action": action,
                    "detected": True,
                }

    def _enabled(self, policy: str, rules: str) -> Iterator[tuple[dict[str, Any], str]]:
        for rule in self._guardrail.get(policy, {}).get(rules, ()):
            if rule.get(f"{self._side}Enabled", True):
                action = rule.get(f"{self._side}Action", rule.get("Action", "BLOCK"))
                yield rule, _DONE[action]


def _masked(text: str, found: Iterable[Found]) -> str:
    for item in sorted(found, key=lambda item: len(item["match"]), reverse=True):
        if item["action"] == "ANONYMIZED":
            text = text.replace(item["match"], f"{{{item.get('type') or item['name']}}}")
    return text


def _usage(guardrail: Mapping[str, Any], characters: int) -> dict[str, int]:
    units = max(1, math.ceil(characters / _UNIT))
    sensitive = guardrail.get("SensitiveInformationPolicyConfig", {})
    return {
        "topicPolicyUnits": units if "TopicPolicyConfig" in guardrail else 0,
        "contentPolicyUnits": units if "ContentPolicyConfig" in guardrail else 0,
        "wordPolicyUnits": units if "WordPolicyConfig" in guardrail else 0,
        "sensitiveInformationPolicyUnits": units if "PiiEntitiesConfig" in sensitive else 0,
        "sensitiveInformationPolicyFreeUnits": units if "RegexesConfig" in sensitive else 0,
        "contextualGroundingPolicyUnits": 0,
    }
