"""What a function sees, and what an invocation answers."""

import base64
import json
from typing import Any

import pytest
from moto.awslambda.models import lambda_backends
from moto.iam.models import iam_backends
from moto.logs.models import logs_backends
from moto.sts.models import sts_backends

from corral.local.server.core import AwsError, LocalAws
from tests.local.functions.support import REGION, Deploy, encoded

ECHO = "def handler(event, context):\n    return {'got': event}\n"


def run(aws: Any, function: str = "f", event: Any = None, **more: Any) -> Any:
    execution = aws.functions.invoke(function, json.dumps(event or {}).encode(), **more)
    assert execution.error is None, execution.payload
    return json.loads(execution.payload)


def test_answers_what_the_handler_returns_and_stays_warm(aws: LocalAws, deploy: Deploy) -> None:
    deploy("import os\nn = 0\ndef handler(e, c):\n    global n\n    n += 1\n    return [n, os.getpid(), e]\n")
    first, second = run(aws, event={"a": 1}), run(aws, event={"b": "é"})
    assert (first[0], second[0]) == (1, 2)
    assert first[1] == second[1] == aws.functions.process_ids[0]  # type: ignore[attr-defined]
    assert (first[2], second[2]) == ({"a": 1}, {"b": "é"})


def test_environment_is_the_functions_own_and_the_role_sessions(
    aws: LocalAws, deploy: Deploy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME_OF_THE_SERVER", "secret")
    monkeypatch.setenv("PYTHONPATH", "/tmp")
    source = "import os\ndef handler(e, c):\n    return dict(os.environ)\n"
    deploy(source, Environment={"Variables": {"TABLE_NAME": "t", "AWS_REGION": "mine"}})
    seen = run(aws)
    assert seen["TABLE_NAME"] == "t"
    assert seen["AWS_REGION"] == seen["AWS_DEFAULT_REGION"] == REGION
    assert seen["AWS_LAMBDA_FUNCTION_NAME"] == "f"
    assert seen["AWS_LAMBDA_FUNCTION_VERSION"] == "$LATEST"
    assert seen["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] == "256"
    assert seen["AWS_ENDPOINT_URL"] == aws.endpoint
    assert seen["AWS_DISABLE_HOST_PREFIX_INJECTION"] == "true"
    assert seen["_HANDLER"] == "app.handler"
    assert "HOME_OF_THE_SERVER" not in seen
    assert "PYTHONPATH" not in seen
    session = sts_backends[aws.account]["aws"].get_assumed_role_from_access_key(seen["AWS_ACCESS_KEY_ID"])
    assert session is not None
    assert session.role_arn == f"arn:aws:iam::{aws.account}:role/runner"
    assert session.session_name == "f"
    assert session.session_token == seen["AWS_SESSION_TOKEN"]


def test_context(aws: LocalAws, deploy: Deploy) -> None:
    deploy(
        "def handler(e, c):\n"
        "    return [c.aws_request_id, c.function_name, c.function_version, c.invoked_function_arn,\n"
        "            c.memory_limit_in_mb, c.get_remaining_time_in_millis(), c.client_context.custom,\n"
        "            c.client_context.env, c.identity.cognito_identity_id]\n",
        Timeout=7,
    )
    seen = run(aws, client_context={"custom": {"tool": "x___y"}})
    assert len(seen[0]) == 36
    assert seen[1:5] == ["f", "$LATEST", f"arn:aws:lambda:{REGION}:{aws.account}:function:f", "256"]
    assert 5000 < seen[5] <= 7000
    assert seen[6:] == [{"tool": "x___y"}, None, None]


def test_no_client_context_is_none(aws: LocalAws, deploy: Deploy) -> None:
    deploy("def handler(e, c):\n    return c.client_context is None\n")
    assert run(aws) is True


def test_powertools_and_boto3_are_there_and_nothing_else_that_is_installed_here(
    aws: LocalAws, deploy: Deploy
) -> None:
    deploy(
        "import boto3, aws_lambda_powertools, importlib.util\n"
        "def handler(e, c):\n"
        "    return [importlib.util.find_spec(n) is None for n in ('moto', 'pulumi', 'corral', 'duckdb')]\n"
    )
    assert run(aws) == [True] * 4


def test_prints_and_logging_go_to_the_log_group_not_to_the_answer(aws: LocalAws, deploy: Deploy) -> None:
    deploy(
        "import logging, sys, os\nprint('at import')\n"
        "def handler(e, c):\n"
        "    print('hello'); print('to stderr', file=sys.stderr); logging.warning('careful')\n"
        "    os.system('echo from a child')\n"
        "    return 1\n"
    )
    execution: Any = aws.functions.invoke("f", b"{}")
    assert execution.payload == b"1"
    logs = logs_backends[aws.account][REGION]
    streams = logs.groups["/aws/lambda/f"].streams
    assert len(streams) == 1
    lines = [event.message for event in next(iter(streams.values())).events]
    request = execution.request_id
    assert lines[0].startswith("INIT_START Runtime Version: ")
    assert lines[1:5] == ["at import", f"START RequestId: {request} Version: $LATEST", "hello", "to stderr"]
    assert lines[5].startswith("[WARNING]\t")
    assert lines[5].endswith(f"Z\t{request}\tcareful")
    assert lines[6:8] == ["from a child", f"END RequestId: {request}"]
    assert lines[8].startswith(f"REPORT RequestId: {request}\tDuration: ")
    assert "Init Duration" in lines[8]
    assert execution.log.splitlines() == lines
    assert base64.b64decode(execution.tail).decode() == execution.log
    run(aws)
    assert "Init Duration" not in next(iter(streams.values())).events[-1].message


def test_a_role_that_may_not_log_leaves_no_log(aws: Any, deploy: Deploy) -> None:
    aws.authorize.denied.add("logs:PutLogEvents")
    deploy("def handler(e, c):\n    print('x')\n")
    assert run(aws) is None
    assert "/aws/lambda/f" not in logs_backends[aws.account][REGION].groups


def test_versions_stay_as_published_and_aliases_move(aws: LocalAws, deploy: Deploy) -> None:
    lambdas = lambda_backends[aws.account][REGION]
    source = "import os\ndef handler(e, c):\n    return [{n}, os.environ.get('V'), c.function_version]\n"
    deploy(source.format(n=1), Environment={"Variables": {"V": "one"}})
    lambdas.publish_version("f")
    lambdas.create_alias("live", "f", "1", "", "")
    assert run(aws) == [1, "one", "$LATEST"]
    lambdas.update_function_code("f", None, {"ZipFile": encoded({"app.py": source.format(n=2)})})  # type: ignore[arg-type]
    lambdas.update_function_configuration("f", None, {"Environment": {"Variables": {"V": "two"}}})  # type: ignore[arg-type]
    assert run(aws) == [2, "two", "$LATEST"]
    assert run(aws, "f:1") == run(aws, "f", qualifier="live") == [1, "one", "1"]
    arn = f"arn:aws:lambda:{REGION}:{aws.account}:function:f:live"
    assert run(aws, arn) == [1, "one", "1"]
    lambdas.publish_version("f")
    lambdas.update_alias("live", "f", "2", "", "")
    assert run(aws, arn) == [2, "two", "2"]


def test_weighted_alias_uses_both_versions(aws: LocalAws, deploy: Deploy) -> None:
    lambdas = lambda_backends[aws.account][REGION]
    deploy("def handler(e, c):\n    return c.function_version\n")
    lambdas.publish_version("f")
    lambdas.update_function_configuration("f", None, {"Timeout": 6})  # type: ignore[arg-type]
    lambdas.publish_version("f")
    weights: Any = {"AdditionalVersionWeights": {"2": 0.5}}
    lambdas.create_alias("live", "f", "1", "", weights)
    seen = [run(aws, "f:live") for _ in range(40)]
    assert 5 < seen.count("1") < 35
    assert seen.count("1") + seen.count("2") == 40


def test_a_change_ends_the_old_worker(aws: Any, deploy: Deploy) -> None:
    deploy("import os\ndef handler(e, c):\n    return os.getpid()\n")
    before = run(aws)
    lambdas = lambda_backends[aws.account][REGION]
    lambdas.update_function_configuration("f", None, {"Environment": {"Variables": {"A": "1"}}})  # type: ignore[arg-type]
    after = run(aws)
    assert after != before
    assert aws.functions.process_ids == [after]


@pytest.mark.parametrize(
    "function", ["g", "f:9", "f:none", "arn:aws:lambda:eu-west-1:999999999999:function:f"]
)
def test_unknown_function_version_or_alias(aws: LocalAws, deploy: Deploy, function: str) -> None:
    deploy(ECHO)
    with pytest.raises(AwsError, match="Function not found: arn:aws:lambda:") as raised:
        aws.functions.invoke(function, b"{}")
    assert (raised.value.code, raised.value.status) == ("ResourceNotFoundException", 404)


def test_a_role_lambda_may_not_assume(aws: LocalAws, deploy: Deploy) -> None:
    deploy(ECHO)
    role = iam_backends[aws.account]["aws"].get_role("runner")
    role.assume_role_policy_document = '{"Statement": []}'
    with pytest.raises(AwsError, match="cannot be assumed by Lambda"):
        aws.functions.invoke("f", b"{}")


@pytest.mark.parametrize("changes", [{"Runtime": "nodejs22.x"}, {"PackageType": "Image"}])
def test_what_cannot_run_here_says_so(aws: LocalAws, deploy: Deploy, changes: dict[str, Any]) -> None:
    deploy(ECHO, **changes)
    with pytest.raises(AwsError, match="runs Python functions from zip archives") as raised:
        aws.functions.invoke("f", b"{}")
    assert raised.value.status == 501
