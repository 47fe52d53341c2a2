"""Small Pulumi programs through the whole engine: what is made, what is refused, and how that is said."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from pulumi.runtime.proto.resource_pb2 import RegisterResourceRequest

from corral.local.engine import Credentials, StackResult, rules
from corral.local.engine.calls import Calls
from corral.local.engine.monitor import Monitor
from policies.rule import Rule

CREDENTIALS = Credentials("a", "b")
# One line, which the line numbers below count on. KEPT is what the policy pack asks of a queue.
IMPORTS = (
    "import json, os, time, pulumi, pulumi_aws as aws, pulumi_aws_native as native; "
    'KEPT = {"kms_master_key_id": "alias/aws/sqs"}\n'
)
ROLE = """
TRUST = json.dumps({"Version": "2012-10-17", "Statement": []})
BOUNDARY = "arn:aws:iam::123456789012:policy/boundary"
"""


def messages(result: StackResult) -> list[str]:
    return [str(error) for error in result.errors]


def only(result: StackResult) -> str:
    assert len(result.errors) == 1, messages(result)
    return str(result.errors[0])


def queues(client: Callable[[str], Any]) -> list[str]:
    return sorted(url.rsplit("/", 1)[1] for url in client("sqs").list_queues().get("QueueUrls", []))


def test_resources_are_really_made_and_carry_full_urns_and_lines(evaluate, client):
    result = evaluate.one(
        """
        import pulumi, pulumi_aws as aws

        class Inner(pulumi.ComponentResource):
            def __init__(self, name, opts=None):
                super().__init__("corral:index:Inner", name, None, opts)
                self.queue = aws.sqs.Queue(
                    f"{name}-queue",
                    name="made",
                    kms_master_key_id="alias/aws/sqs",
                    opts=pulumi.ResourceOptions(
                        parent=self, protect=True, aliases=[pulumi.Alias(name="old")]
                    ),
                )
                self.register_outputs({"arn": self.queue.arn})

        class Outer(pulumi.ComponentResource):
            def __init__(self, name):
                super().__init__("corral:index:Outer", name)
                self.inner = Inner(f"{name}-inner", pulumi.ResourceOptions(parent=self))
                self.register_outputs({})

        outer = Outer("outer")
        pulumi.export("arn", outer.inner.queue.arn)
        """
    )
    assert messages(result) == []
    assert result.outputs == {"arn": "arn:aws:sqs:us-east-1:123456789012:made"}
    assert queues(client) == ["made"]
    outer, inner, queue = result.resources
    chain = "urn:pulumi:dev::corral::corral:index:Outer"
    assert outer.urn == f"{chain}::outer"
    assert inner.urn == f"{chain}$corral:index:Inner::outer-inner"
    assert queue.urn == f"{chain}$corral:index:Inner$aws:sqs/queue:Queue::outer-inner-queue"
    assert (queue.parent, queue.line) == (inner.urn, "__main__.py:7")
    assert (queue.protect, queue.aliases) == (True, ["old"])
    assert inner.outputs == {"arn": result.outputs["arn"]}
    kinds = [event.kind for event in evaluate.events]
    assert kinds == ["stack-start", "resource", "resource", "resource", "stack-done"]


def test_a_repeated_urn_is_refused_and_leaves_the_first_ones_dependents_alone(evaluate, client):
    result = evaluate.one(
        IMPORTS
        + """
first = aws.sqs.Queue("twin", **KEPT, name="one")
aws.sqs.Queue("twin", **KEPT, name="two")
aws.sqs.Queue("after", **KEPT, name="after", opts=pulumi.ResourceOptions(depends_on=[first]))
"""
    )
    error = only(result)
    assert error.startswith(
        "__main__.py:4: aws:sqs/queue:Queue twin: a resource with this URN exists already"
    )
    assert "__main__.py:3" in error
    assert queues(client) == ["after", "one"]
    assert result.skipped == []


def test_a_failure_skips_what_depends_on_it_and_nothing_else(evaluate, client):
    result = evaluate.one(
        IMPORTS
        + """
bad = aws.sqs.Queue("bad", **KEPT, name="no spaces allowed")
by_value = aws.sns.TopicSubscription("by-value", topic="arn", protocol="sqs", endpoint=bad.arn)
by_option = aws.sqs.Queue("by-option", **KEPT, opts=pulumi.ResourceOptions(depends_on=[by_value]))
aws.sqs.Queue("good", **KEPT, name="good")
pulumi.export("bad", bad.arn)
pulumi.export("good", "yes")
"""
    )
    assert only(result).startswith("__main__.py:3: aws:sqs/queue:Queue bad: sqs CreateQueue: ")
    assert [(skip.name, skip.because[0].split("::")[-1]) for skip in result.skipped] == [
        ("by-value", "bad"),
        ("by-option", "by-value"),
    ]
    assert queues(client) == ["good"]
    assert result.outputs == {"good": "yes"}
    assert not result.ok
    assert result.log == ""  # no traceback of the SDK anywhere


def test_an_unknown_type_is_named(evaluate):
    error = only(evaluate.one(IMPORTS + 'aws.sqs.QueuePolicy("p", queue_url="u", policy="{}")'))
    kind = "aws:sqs/queuePolicy:QueuePolicy"
    assert error == f"__main__.py:2: {kind} p: the local engine has no handler for type {kind}"


def test_known_functions_answer_and_unknown_ones_are_refused(evaluate):
    good = evaluate.one(
        IMPORTS
        + """
pulumi.export("account", aws.get_caller_identity_output().account_id)
pulumi.export("region", aws.get_region().region)
pulumi.export("partition", aws.get_partition_output().partition)
"""
    )
    assert good.outputs == {"account": "123456789012", "region": "us-east-1", "partition": "aws"}
    error = only(
        evaluate.one(
            IMPORTS + "pulumi.runtime.invoke('aws:index/getAvailabilityZones:getAvailabilityZones', {})"
        )
    )
    assert "getAvailabilityZones" in error
    assert "does not have this function" in error


def test_an_item_is_read_and_one_that_is_not_there_ends_no_program(evaluate, client):
    dynamodb = client("dynamodb")
    dynamodb.create_table(
        TableName="kept",
        KeySchema=[{"AttributeName": "of", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "of", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    dynamodb.put_item(TableName="kept", Item={"of": {"S": "held"}, "n": {"N": "1"}})
    ask = """
def ask(table, item):
    asked = {"tableName": table, "key": '{"of": {"S": "%s"}}' % item}
    try:
        return pulumi.runtime.invoke("aws:dynamodb/getTableItem:getTableItem", asked).value["item"]
    except Exception as error:
        return str(error)
"""
    told = evaluate.one(
        IMPORTS
        + ask
        + """
pulumi.export("held", ask("kept", "held"))
pulumi.export("other", ask("kept", "other"))
pulumi.export("table", ask("lost", "held"))
"""
    )
    assert told.ok
    assert json.loads(told.outputs["held"]) == {"of": {"S": "held"}, "n": {"N": "1"}}
    assert "couldn't find resource" in told.outputs["other"]
    assert "ResourceNotFoundException" in told.outputs["table"]


def test_an_input_no_handler_takes_is_refused_before_anything_is_made(evaluate, client):
    error = only(evaluate.one(IMPORTS + 'aws.s3.Bucket("b", bucket="bucket", acl="private")'))
    assert error.endswith("inputs the local engine does not know: acl")
    assert client("s3").list_buckets()["Buckets"] == []


def test_a_parameter_aws_would_refuse_is_refused_with_its_path(evaluate):
    error = only(
        evaluate.one(IMPORTS + 'aws.sqs.Queue("q", **KEPT, name="q", tags={"k": "v"}, region="eu-west-1")')
    )
    assert error.endswith("region = 'eu-west-1' is not supported here, only 'us-east-1'")
    error = only(
        evaluate.one(
            IMPORTS
            + ROLE
            + 'aws.iam.Role("r", name="né", assume_role_policy=TRUST, permissions_boundary=BOUNDARY)'
        )
    )
    assert "iam CreateRole would refuse RoleName: 'né' does not match" in error


def test_a_dict_the_sdk_does_not_translate_is_refused_with_the_right_spelling(evaluate):
    error = only(
        evaluate.one(
            IMPORTS
            + """
native.bedrockagentcore.GatewayTarget(
    "target",
    gateway_identifier="g",
    name="t",
    target_configuration={"mcp": {"lambda": {"lambda_arn": "arn", "tool_schema": {"inlinePayload": []}}}},
)
"""
        )
    )
    assert "unknown properties: targetConfiguration.mcp.lambda.lambda_arn" in error
    assert "the SDK's name is lambdaArn" in error


def test_spelling_is_checked_before_rules_that_would_miss_what_is_misspelt(evaluate):
    program = 'pulumi.CustomResource("aws-native:bedrockagentcore:Harness", "h", {"allowed_tools": []})'
    error = only(evaluate.one(IMPORTS + program))
    assert "unknown properties: allowed_tools (the SDK's name is allowedTools" in error
    assert "policy" not in error


def test_an_output_no_one_makes_is_an_error_not_a_missing_input(evaluate, client):
    result = evaluate.one(
        IMPORTS
        + """
queue = aws.sqs.Queue("q", **KEPT, name="q")
aws.sqs.Queue("next", **KEPT, name="next", policy=queue.redrive_policy)
pulumi.export("lost", queue.redrive_policy)
"""
    )
    first = messages(result)[0]
    assert first.startswith("__main__.py:4: aws:sqs/queue:Queue next: policy: not known")
    assert "aws:sqs/queue:Queue::q" in first
    assert queues(client) == ["q"]


def test_a_stack_output_no_one_makes_is_an_error(evaluate):
    program = 'queue = aws.sqs.Queue("q", **KEPT, name="q")\npulumi.export("lost", queue.redrive_policy)'
    assert only(evaluate.one(IMPORTS + program)).startswith("stack output lost is not known")


def test_a_policy_violation_stops_the_resource_and_is_said(evaluate, client):
    result = evaluate.one(
        IMPORTS
        + ROLE
        + 'aws.iam.Role("r", name="r", assume_role_policy=TRUST)\naws.sqs.Queue("q", **KEPT, name="q")'
    )
    error = only(result)
    assert "aws:iam/role:Role r: policy role-boundary: has no permissionsBoundary" in error
    assert client("iam").list_roles()["Roles"] == []
    assert queues(client) == ["q"]


def test_every_fault_of_the_program_is_reported_at_once(evaluate):
    result = evaluate.one(
        IMPORTS
        + """
print("said on the way")
value = pulumi.Output.from_input("x")
value.apply(lambda x: 1 / 0)
value.apply(lambda x: {}["nothing"])
aws.sqs.Queue("q", **KEPT, name="made")
aws.sqs.Queue("typo", **KEPT, name=value.apply(lambda x: x.nope))
pulumi.log.warn("careful")
pulumi.log.error("a logged error")
raise ValueError("at the end")
"""
    )
    found = messages(result)
    assert "__main__.py:5: ZeroDivisionError: division by zero" in found
    assert "__main__.py:6: KeyError: 'nothing'" in found
    assert "__main__.py:8: AttributeError: 'str' object has no attribute 'nope'" in found
    assert "__main__.py:11: ValueError: at the end" in found
    assert "a logged error" in found
    assert len(found) == 5
    assert [resource.name for resource in result.resources] == ["q"]
    assert (result.warnings, result.log) == (["careful"], "said on the way\n")


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        ("raise SystemExit(3)", "__main__.py:2: SystemExit: 3"),
        ("raise pulumi.RunError('plain words')", "__main__.py:2: plain words"),
        ("os._exit(3)", "its process ended early, with exit code 3"),
        ("import nosuchmodule", "__main__.py:2: ModuleNotFoundError: No module named 'nosuchmodule'"),
        ("f'{pulumi.Output.from_input(1)}'", "Calling __str__ on an Output[T] is not supported"),
        ('aws.sqs.Queue("q", opts=pulumi.ResourceOptions(import_="id"))', "import is not possible offline"),
        ('aws.sqs.Queue.get("q", "id")', "existing resources cannot be read offline"),
        ('aws.Provider("p", region="eu-west-1")', "region = 'eu-west-1' is not supported here"),
        ('aws.Provider("p", profile="mine")', "inputs the local engine does not know: profile"),
    ],
)
def test_what_a_run_cannot_do_is_said(evaluate, program, expected):
    assert expected in only(evaluate.one(IMPORTS + program))


def test_explicit_providers_of_this_run_are_fine(evaluate):
    result = evaluate.one(
        IMPORTS
        + """
here = aws.Provider("p", region="us-east-1", allowed_account_ids=["123456789012"])
aws.sqs.Queue("q", **KEPT, name="q", opts=pulumi.ResourceOptions(provider=here))
"""
    )
    assert messages(result) == []


def test_an_advisory_rule_warns_and_stops_nothing(monkeypatch):
    rule = Rule("tidy", "low", "advisory", "why", "link", frozenset({"t"}), lambda _: iter(["untidy"]))
    monkeypatch.setattr(rules, "_RULES", {"t": [rule]})
    calls = Calls("http://127.0.0.1:1", CREDENTIALS, "us-east-1", "123456789012")
    monitor = Monitor("dev", "corral", "/nowhere", calls, {}, lambda event: None)
    monitor._check_rules(RegisterResourceRequest(type="t", name="n"), {})
    assert monitor.result.warnings == ["t n: policy tidy: untidy (link)"]
    assert monitor.result.ok
