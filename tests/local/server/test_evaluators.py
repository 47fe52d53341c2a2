"""A custom evaluator on the local AWS: found by its id, and locked while an enabled configuration uses it."""

import json
from typing import Any

import pytest

from tests.local.server.conftest import RequestFailedError, Server, finished
from tests.local.server.test_cloudcontrol import AGENTCORE, CORE

MODEL = {"BedrockEvaluatorModelConfig": {"ModelId": "us.amazon.nova-lite-v1:0"}}
SCALE = {"Numerical": [{"Value": n, "Label": f"l{n}", "Definition": f"It is {n}."} for n in (0, 1)]}


@pytest.fixture
def evaluator(server: Server, name: str) -> dict[str, Any]:
    judge = {"Instructions": "Read {context}.", "ModelConfig": MODEL, "RatingScale": SCALE}
    config = {"LlmAsAJudge": judge}
    own = name.replace("-", "_")
    return server.create(f"{CORE}Evaluator", EvaluatorName=own, EvaluatorConfig=config, Level="TRACE")


def configuration(server: Server, name: str, role: str, evaluator: str) -> dict[str, Any]:
    logs = {"LogGroupNamePrefixes": ["/aws/a"], "ServiceNames": ["a"]}
    return server.create(
        f"{CORE}OnlineEvaluationConfig",
        OnlineEvaluationConfigName=name.replace("-", "_"),
        DataSourceConfig={"CloudWatchLogs": logs},
        Evaluators=[{"EvaluatorId": evaluator}],
        EvaluationExecutionRoleArn=role,
        ExecutionStatus="ENABLED",
        Rule={"SamplingConfig": {"SamplingPercentage": 10}},
    )


def test_it_is_locked_while_in_use(server: Server, name: str, evaluator: dict[str, Any]) -> None:
    control, kind = server.client("cloudcontrol"), f"{CORE}Evaluator"
    arn = evaluator["EvaluatorArn"]
    config = configuration(server, name, server.role([], AGENTCORE), evaluator["EvaluatorId"])
    patch = json.dumps([{"op": "replace", "path": "/Level", "value": "SESSION"}])
    with pytest.raises(RequestFailedError, match="in use"):
        finished(
            control,
            control.update_resource(TypeName=kind, Identifier=arn, PatchDocument=patch)["ProgressEvent"],
        )
    with pytest.raises(RequestFailedError, match="in use"):
        finished(control, control.delete_resource(TypeName=kind, Identifier=arn)["ProgressEvent"])
    for each, of in ((config["OnlineEvaluationConfigArn"], f"{CORE}OnlineEvaluationConfig"), (arn, kind)):
        finished(control, control.delete_resource(TypeName=of, Identifier=each)["ProgressEvent"])


def test_a_configuration_names_evaluators_that_exist(server: Server, name: str) -> None:
    role = server.role([], AGENTCORE)
    with pytest.raises(RequestFailedError, match="no evaluator"):
        configuration(server, name, role, "nobody-0123456789")
    assert configuration(server, name, role, "Builtin.Correctness")["Status"] == "ACTIVE"


def test_its_own_client_finds_it(server: Server, evaluator: dict[str, Any]) -> None:
    client = server.client("bedrock-agentcore-control")
    found = client.get_evaluator(evaluatorId=evaluator["EvaluatorId"])
    assert (found["evaluatorArn"], found["level"]) == (evaluator["EvaluatorArn"], "TRACE")
    assert evaluator["EvaluatorId"] in [e["evaluatorId"] for e in client.list_evaluators()["evaluators"]]
