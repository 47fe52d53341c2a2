"""Alerts: somebody changes what governs the platform, or tries to, and people are told who, what, when."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.credentials import Credentials

from tests.served.attack import Target, refusal

ANYTHING = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}'


@pytest.fixture(scope="module")
def target(served: dict[str, Any], outputs: dict[str, dict[str, Any]], admin: boto3.Session) -> Target:
    return Target(served, outputs, admin)


def told(target: Target) -> list[str]:
    """All that has been sent to the topic."""
    return target.session.notifications(target.platform["alerts_topic_arn"])


@pytest.fixture(scope="module")
def intruder(target: Target) -> Iterator[Credentials]:
    """Somebody who may do anything in the account, and whose task none of it is."""
    iam = target.admin.client("iam", endpoint_url=target.served["endpoint"])
    iam.create_user(UserName="intruder")
    iam.put_user_policy(UserName="intruder", PolicyName="anything", PolicyDocument=ANYTHING)
    made = iam.create_access_key(UserName="intruder")["AccessKey"]
    yield Credentials(made["AccessKeyId"], made["SecretAccessKey"])
    iam.delete_access_key(UserName="intruder", AccessKeyId=made["AccessKeyId"])
    iam.delete_user_policy(UserName="intruder", PolicyName="anything")
    iam.delete_user(UserName="intruder")


class Told:
    """The alerts sent since it was made, which fit some words."""

    def __init__(self, target: Target) -> None:
        self._target, self._before = target, len(told(target))

    def __call__(self, *words: str) -> list[str]:
        new = told(self._target)[self._before :]
        return [message for message in new if all(word in message for word in words)]


def fields(message: str) -> dict[str, str]:
    """An alert's lines by what they begin with."""
    lines = [line.strip('"') for line in message.splitlines()]
    assert lines[0].startswith("Corral dev: ")
    return {name: rest for name, _, rest in (line.partition(": ") for line in lines[1:])}


@pytest.mark.control("change-alerts")
def test_the_first_deployment_tells_nothing(served: dict[str, Any]) -> None:
    assert served["told_at_first"] == []


def _stop_the_trail(target: Target, client: Callable[[str], Any]) -> None:
    client("cloudtrail").update_trail(Name="corral-dev-trail", IsMultiRegionTrail=True)


def _cloud_control(client: Callable[[str], Any], kind: str, identifier: str, **changes: Any) -> None:
    """Change a resource of AgentCore; on AWS the service's own call is recorded for this as well."""
    document = [{"op": "replace", "path": f"/{name}", "value": value} for name, value in changes.items()]
    control = client("cloudcontrol")
    asked = control.update_resource(
        TypeName=f"AWS::BedrockAgentCore::{kind}", Identifier=identifier, PatchDocument=json.dumps(document)
    )["ProgressEvent"]
    done = control.get_resource_request_status(RequestToken=asked["RequestToken"])["ProgressEvent"]
    assert done["OperationStatus"] == "SUCCESS", done


def _gateway(target: Target, client: Callable[[str], Any]) -> None:
    _cloud_control(client, "Gateway", target.platform["gateway_id"], Description="Tools.")


def _policy(target: Target, client: Callable[[str], Any]) -> None:
    engine, policy = target.platform["policy_engine_id"], target.agent("support", "helpdesk")["policy_id"]
    _cloud_control(client, "Policy", f"{engine}|{policy}", Description="Other.")


def _agent(target: Target, client: Callable[[str], Any]) -> None:
    harness = target.agent("support", "helpdesk")["harness_id"]
    endpoint = {"harnessId": harness, "endpointName": "live"}
    control = client("bedrock-agentcore-control")
    live = control.get_harness_endpoint(**endpoint)["endpoint"]["liveVersion"]
    control.update_harness_endpoint(**endpoint, targetVersion=live)


def _role(target: Target, client: Callable[[str], Any]) -> None:
    name = target.agent("support", "helpdesk")["role_arn"].rpartition("/")[2]
    client("iam").put_role_policy(RoleName=name, PolicyName="more", PolicyDocument=ANYTHING)
    client("iam").delete_role_policy(RoleName=name, PolicyName="more")


def _boundary(target: Target, client: Callable[[str], Any]) -> None:
    refusal(lambda: client("iam").delete_policy(PolicyArn=target.platform["boundary_arn"]))


def _function(target: Target, client: Callable[[str], Any]) -> None:
    client("lambda").update_function_configuration(
        FunctionName=target.platform["supervisor_function"], MemorySize=512
    )


def _agent_states(target: Target, client: Callable[[str], Any]) -> None:
    item = {"agent": {"S": "nobody"}, "item": {"S": "state"}}
    client("dynamodb").put_item(TableName=target.platform["agents_table"], Item=item)
    client("dynamodb").delete_item(TableName=target.platform["agents_table"], Key=item)


def _approvals(target: Target, client: Callable[[str], Any]) -> None:
    client("dynamodb").put_item(
        TableName=target.platform["approvals_table"],
        Item={"team": {"S": "support"}, "id": {"S": "nobody's"}, "status": {"S": "approved"}},
    )
    client("dynamodb").delete_item(
        TableName=target.platform["approvals_table"],
        Key={"team": {"S": "support"}, "id": {"S": "nobody's"}},
    )


def _overrides(target: Target, client: Callable[[str], Any]) -> None:
    item = {"scope": {"S": "nobody"}}
    client("dynamodb").put_item(TableName=target.platform["overrides_table"], Item=item)
    client("dynamodb").delete_item(TableName=target.platform["overrides_table"], Key=item)


def _key(target: Target, client: Callable[[str], Any]) -> None:
    client("kms").disable_key_rotation(KeyId=target.platform["audit_key_arn"])
    client("kms").enable_key_rotation(KeyId=target.platform["audit_key_arn"])


def _bucket(target: Target, client: Callable[[str], Any]) -> None:
    client("s3").put_bucket_versioning(
        Bucket=target.platform["audit_bucket"], VersioningConfiguration={"Status": "Enabled"}
    )


def _rule(target: Target, client: Callable[[str], Any]) -> None:
    client("events").disable_rule(Name="corral-dev-alert-trail")
    client("events").enable_rule(Name="corral-dev-alert-trail")


def _rule_of_rules(target: Target, client: Callable[[str], Any]) -> None:
    events = client("events")
    found = events.describe_rule(Name="corral-dev-alert-alerts")
    kept = {name: found[name] for name in ("Name", "EventPattern", "State", "Description")}
    events.put_rule(**kept)


ATTACKS: list[tuple[Callable[..., None], str, str, str]] = [
    (_stop_the_trail, "the audit trail", "UpdateTrail (cloudtrail.amazonaws.com)", "corral-dev-trail"),
    (_gateway, "the gateway", "UpdateGateway (", "corral-dev-"),
    (_policy, "the gateway", "UpdatePolicy (", "corral_dev-"),
    (_agent, "an agent or a guardrail", "UpdateHarnessEndpoint", "dev_support_helpdesk-"),
    (_role, "a role was changed", "PutRolePolicy", "corral-dev-agent-support-helpdesk more"),
    (_boundary, "a permissions boundary", "DeletePolicy", "policy/corral/dev/platform/corral-dev-boundary"),
    (_function, "a function", "UpdateFunctionConfiguration", "corral-dev-supervisor"),
    (_agent_states, "the table of agents", "PutItem", "corral-dev-agents"),
    (_approvals, "the table of approvals", "PutItem", "corral-dev-approvals"),
    (_overrides, "the table of overrides", "PutItem", "corral-dev-overrides"),
    (_key, "a key of the platform", "DisableKeyRotation", ":key/"),
    (_bucket, "the audit bucket", "PutBucketVersioning", "corral-dev-audit-"),
    (_rule, "the alerts themselves", "DisableRule", "corral-dev-alert-trail"),
    (_rule_of_rules, "the audit trail", "PutRule", "corral-dev-alert-alerts"),
]


@pytest.mark.control("change-alerts")
@pytest.mark.parametrize(("attack", "title", "what", "on"), ATTACKS, ids=[a[0].__name__[1:] for a in ATTACKS])
def test_who_changes_what_governs_the_platform_is_told(
    target: Target, intruder: Credentials, attack: Callable[..., None], title: str, what: str, on: str
) -> None:
    since = Told(target)
    attack(target, lambda service: target.client(service, intruder))
    [message] = since(f'"Corral dev: {title}', f"What: {what}")
    found = fields(message)
    assert on in found["On"]
    assert found["Who"].split()[0].endswith(":user/intruder")
    assert re.match(
        rf"{datetime.now(UTC):%Y-%m-%d}T[\d:]+Z in us-east-1 from (127\.0\.0\.1|cloudformation\.amazonaws\.com)",
        found["When"],
    )
    refused = found["Refused with"].removesuffix("(nothing: it was done)").strip()
    assert bool(refused) is (attack is _boundary), refused
    assert re.search(r"record [0-9a-f-]{36};", found["Look"])


@pytest.mark.control("change-alerts")
def test_who_is_refused_is_told_too(target: Target) -> None:
    since = Told(target)
    agent = target.agent("support", "helpdesk")["role_arn"]
    stop = target.role_client("cloudtrail", agent)
    assert refusal(lambda: stop.stop_logging(Name=target.platform["trail_arn"])) == "AccessDeniedException"
    [message] = since("What: StopLogging")
    found = fields(message)
    assert found["Refused with"].startswith("AccessDenied")
    assert "assumed-role/corral-dev-agent-support-helpdesk/attacker" in found["Who"]


@pytest.mark.control("change-alerts")
def test_what_the_platform_does_by_itself_is_not_told(target: Target) -> None:
    since = Told(target)
    supervisor = target.role_client(
        "dynamodb", "arn:aws:iam::111122223333:role/corral/dev/platform/corral-dev-supervisor"
    )
    key = {"team": {"S": "support"}, "id": {"S": "the supervisor's own"}}
    supervisor.put_item(TableName=target.platform["approvals_table"], Item=key)
    target.session.flush()
    assert since() == []
    table = target.admin.client("dynamodb")
    table.delete_item(TableName=target.platform["approvals_table"], Key=key)
    assert len(since("DeleteItem")) == 1, "whoever deploys approves nothing"


@pytest.mark.control("change-alerts")
def test_an_alert_that_cannot_be_sent_is_kept(target: Target, intruder: Credentials) -> None:
    sns, topic = target.admin.client("sns"), target.platform["alerts_topic_arn"]
    policy = sns.get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"]
    since = Told(target)
    kept = {"TopicArn": topic, "AttributeName": "Policy"}
    closed = policy.replace("corral-dev-alert-*", "corral-dev-none-*")
    assert closed != policy
    sns.set_topic_attributes(**kept, AttributeValue=closed)
    try:
        _rule(target, lambda service: target.client(service, intruder))
        assert since() == []
        letters = target.admin.client("sqs").receive_message(
            QueueUrl=target.platform["alerts_undelivered_url"], MaxNumberOfMessages=10
        )["Messages"]
        assert any("DisableRule" in letter["Body"] for letter in letters)
    finally:
        sns.set_topic_attributes(**kept, AttributeValue=policy)
    assert len(since("SetTopicAttributes")) == 1
