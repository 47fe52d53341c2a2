"""docs/openapi.yaml is valid, and the front door answers as it says."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate
from ruamel.yaml import YAML

from functions.front_door.handler import MAX_MESSAGE_CHARACTERS, handler
from tests.functions.conftest import boto3_resource
from tests.functions.front_door_aws import Aws, post, request

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def specification() -> dict[str, Any]:
    loaded: dict[str, Any] = YAML(typ="safe").load(ROOT / "docs" / "openapi.yaml")
    return loaded


def test_the_specification_is_valid(specification: dict[str, Any]) -> None:
    assert specification["openapi"].startswith("3.1")
    validate(specification)


def described(specification: dict[str, Any], path: str, method: str, status: int) -> Draft202012Validator:
    """A validator for a response, as the specification describes it."""
    response = specification["paths"][path][method]["responses"][str(status)]
    if "$ref" in response:
        response = specification["components"]["responses"][response["$ref"].rpartition("/")[2]]
    schema = response["content"]["application/json"]["schema"]
    return Draft202012Validator({**schema, "components": specification["components"]})


def check_in_progress(context: Any, check: Any) -> None:
    """A request of which no more is on record than that it was begun."""
    table = boto3_resource("dynamodb").Table("requests")
    post(context, {"message": "x"}, key="lost")
    for item in table.scan()["Items"]:
        table.put_item(Item={name: value for name, value in item.items() if name not in ("answer", "status")})
    check(*post(context, {"message": "x"}, key="lost"))


def test_every_answer_is_as_the_specification_says(
    server: Aws, context: Any, specification: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = "/v1/agents/{agent}/messages"
    seen: list[int] = []

    def check(status: int, answer: dict[str, Any]) -> None:
        seen.append(status)
        described(specification, path, "post", status).validate(answer)

    check(*post(context, {"message": "hello"}))
    for body in ("not json", {"message": "x" * (MAX_MESSAGE_CHARACTERS + 1)}):
        check(*post(context, body))
    check(*post(context, {"message": "x"}, caller=None))
    check(*post(context, {"message": "x"}, agent="nobody"))
    for server.error in ((429, "ThrottlingException"), (500, "InternalServerException")):
        check(*post(context, {"message": "x"}))
    server.error = None
    for message in ("x", "y"):
        check(*post(context, {"message": message}, key="k"))
    check_in_progress(context, check)
    context.seconds = 10.0
    check(*post(context, {"message": "x"}))
    assert sorted(set(seen)) == [200, 400, 403, 404, 409, 413, 422, 429, 502, 504]
    responses = specification["paths"][path]["post"]["responses"]
    assert sorted(map(int, responses)) == sorted(set(seen))
    listed = handler(request("GET", "/v1/agents"), context)
    described(specification, "/v1/agents", "get", 200).validate(json.loads(listed["body"]))


def test_the_specification_states_the_limits_that_hold(specification: dict[str, Any]) -> None:
    message = specification["components"]["schemas"]["Request"]["properties"]["message"]
    assert message["maxLength"] == MAX_MESSAGE_CHARACTERS
    assert f"{MAX_MESSAGE_CHARACTERS:,}" in (ROOT / "docs" / "api.md").read_text()
