"""No secret is in an input, and so none is in the engine's state."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.components.recorder import Program, Recorded

pytestmark = pytest.mark.xdist_group("components")

SUSPECT = re.compile(r"secret|password|passwd|token|credential|private_?key|api_?key|access_?key", re.I)
# Input names that look like it, and what they hold instead.
HARMLESS = {
    "SECRET_ARN": "where a tool finds its secret",
    "SETTING_API_KEY_HEADER": "the name of a header",
    "credentialProviderConfigurations": "that a target uses the gateway's role",
    "credentialProviderType": "the same",
    "maxTokens": "a number",
}
VALUES = re.compile(r"\b(AKIA|ASIA)[A-Z0-9]{16}\b|-----BEGIN|\beyJ[\w-]{10,}\.eyJ")


def _named(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, item in value.items():
            if "/" not in key:  # a file of a function's archive
                yield key, item
                yield from _named(item)
    elif isinstance(value, list):
        for item in value:
            yield from _named(item)


def test_no_input_or_output_is_named_like_a_secret(programs: dict[str, Program]) -> None:
    seen = set()
    for program in programs.values():
        for resource in program.resources:
            if resource.type != "aws-native:bedrock:Guardrail":  # it names kinds of secrets, to mask them
                seen |= {key for key, _ in _named(resource.inputs) if SUSPECT.search(key)}
        assert [key for key, _ in _named(program.outputs) if SUSPECT.search(key)] == []
    assert seen == HARMLESS.keys()


def test_no_value_is_a_secret(everything: list[Recorded]) -> None:
    assert [r.urn for r in everything if VALUES.search(json.dumps(r.inputs))] == []


def test_a_secrets_value_is_put_by_hand(everything: list[Recorded]) -> None:
    secrets = [r for r in everything if r.type.startswith("aws:secretsmanager/")]
    assert {r.type for r in secrets} == {"aws:secretsmanager/secret:Secret"}
    assert [r.inputs["name"] for r in secrets] == ["corral/dev/tools/web-search"]
