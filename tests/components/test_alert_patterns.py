"""Which rule of alerts tells of which call, by whom: each pattern, as deployed, is asked about CloudTrail's records."""

import json
from typing import Any

import pytest

from corral.local.server.event_rules import matches
from tests.components.aws_outputs import ACCOUNT, REGION
from tests.components.recorder import DEPLOYER, Program

pytestmark = pytest.mark.xdist_group("components")

RULE = "aws:cloudwatch/eventRule:EventRule"
ROLES = f"arn:aws:iam::{ACCOUNT}:role/"


def session(role: str, path: str = "") -> dict[str, Any]:
    """Somebody who has taken a role."""
    return {
        "type": "AssumedRole",
        "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/sam",
        "sessionContext": {"sessionIssuer": {"arn": f"{ROLES}{path}{role}", "userName": role}},
    }


USER = {"type": "IAMUser", "arn": f"arn:aws:iam::{ACCOUNT}:user/sam", "userName": "sam"}
ENGINEER = session(DEPLOYER.split("/")[1])  # who deploys
OTHER = session("analyst")
OWN = "corral/dev/platform/"
CLOUDTRAIL = {"type": "AWSService", "invokedBy": "cloudtrail.amazonaws.com"}
ANYBODY = (USER, ENGINEER, OTHER)


def arn(service: str, name: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{name}"


def told(program: Program, service: str, name: str, who: dict[str, Any], **detail: Any) -> set[str]:
    """The subjects whose rule fits a call."""
    event = {
        "source": f"aws.{service}",
        "detail-type": "AWS API Call via CloudTrail",
        "detail": {
            "eventSource": f"{service}.amazonaws.com",
            "eventName": name,
            "eventCategory": "Management",
            "userIdentity": who,
            **detail,
        },
    }
    rules = {rule.inputs["name"]: rule.inputs["eventPattern"] for rule in program.of(RULE)}
    return {
        rule.removeprefix("corral-dev-alert-") for rule, pattern in rules.items() if matches(pattern, event)
    }


BUCKET = f"corral-dev-audit-{ACCOUNT}-{REGION}"
TOPIC = arn("sns", "corral-dev-alerts")
QUEUE = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/corral-dev-alerts-undelivered"
# Calls of which anybody is told: service, operation, the parameter that names the thing, subject.
ALWAYS: list[tuple[str, str, dict[str, str], str]] = [
    *(
        ("cloudtrail", operation, {"name": name}, "trail")
        for operation in ("StopLogging", "DeleteTrail", "UpdateTrail")
        for name in ("corral-dev-trail", arn("cloudtrail", "trail/corral-dev-trail"))
    ),
    ("cloudtrail", "PutEventSelectors", {"trailName": "corral-dev-trail"}, "trail"),
    *(
        ("firehose", operation, {"deliveryStreamName": "corral-dev-decisions"}, "trail")
        for operation in ("DeleteDeliveryStream", "UpdateDestination", "StopDeliveryStreamEncryption")
    ),
    *(
        ("s3", operation, {"bucketName": BUCKET}, "audit-bucket")
        for operation in (
            *(
                "DeleteObject",
                "DeleteObjects",
                "DeleteBucketPolicy",
                "PutBucketPolicy",
                "PutBucketVersioning",
            ),
            *("PutObjectLockConfiguration", "PutObjectRetention", "PutObjectLegalHold"),
            *("PutObject", "CopyObject", "CompleteMultipartUpload"),
        )
    ),
    *(
        ("iam", operation, {"policyArn": f"arn:aws:iam::{ACCOUNT}:policy/{path}"}, "boundaries")
        for operation in (
            "CreatePolicyVersion",
            "SetDefaultPolicyVersion",
            "DeletePolicyVersion",
            "DeletePolicy",
        )
        for path in ("corral/dev/platform/corral-dev-boundary", "corral-bootstrap/dev/corral-dev-deployer-1")
    ),
    *(
        ("iam", operation, {"roleName": "corral-dev-agent-support-helpdesk"}, "boundaries")
        for operation in ("PutRolePermissionsBoundary", "DeleteRolePermissionsBoundary")
    ),
    *(
        ("events", operation, {"name": "corral-dev-alert-keys"}, "alerts")
        for operation in ("DisableRule", "DeleteRule")
    ),
    ("events", "RemoveTargets", {"rule": "corral-dev-alert-keys"}, "alerts"),
    ("events", "DisableRule", {"name": "corral-dev-alarm-begins"}, "alerts"),
    *(
        ("sns", operation, {"topicArn": TOPIC}, "alerts")
        for operation in ("SetTopicAttributes", "DeleteTopic", "AddPermission", "RemovePermission")
    ),
    *(
        ("sns", operation, {"subscriptionArn": f"{TOPIC}:1a2b"}, "alerts")
        for operation in ("Unsubscribe", "SetSubscriptionAttributes")
    ),
    *(
        ("sqs", operation, {"queueUrl": QUEUE}, "alerts")
        for operation in ("SetQueueAttributes", "DeleteQueue", "PurgeQueue", "AddPermission")
    ),
]
# Calls of which is told unless it was one who deploys.
BY_OTHERS: list[tuple[str, str, dict[str, str], str]] = [
    *(
        ("iam", operation, {"roleName": "corral-dev-agent-support-helpdesk"}, "roles")
        for operation in (
            *("CreateRole", "UpdateAssumeRolePolicy", "DeleteRole", "DeleteRolePolicy", "PutRolePolicy"),
            *("AttachRolePolicy", "DetachRolePolicy"),
        )
    ),
    *(
        ("bedrock-agentcore", operation, {"gatewayIdentifier": "corral-dev-tools-a1b2c3"}, "gateway")
        for operation in ("UpdateGateway", "CreateGatewayTarget", "DeleteGateway")
    ),
    *(
        ("bedrock-agentcore", operation, {"policyEngineId": "corral_dev-a1b2c3"}, "gateway")
        for operation in ("UpdatePolicyEngine", "CreatePolicy", "DeletePolicy")
    ),
    ("bedrock-agentcore", "UpdateHarness", {"harnessId": "dev_support_helpdesk-a1b2"}, "agents"),
    *(
        ("lambda", operation, {"functionName": name}, "functions")
        for operation in ("UpdateFunctionCode20150331v2", "AddPermission20150331v2", "PublishVersion20150331")
        for name in ("corral-dev-supervisor", arn("lambda", "function:corral-dev-supervisor:live"))
    ),
    ("events", "PutRule", {"name": "corral-dev-alert-keys"}, "alerts"),
    ("events", "PutTargets", {"rule": "corral-dev-alert-keys"}, "alerts"),
    *(("dynamodb", "DeleteTable", {"tableName": f"corral-dev-{table}"}, subject)
      for table, subject in (("agents", "agent-states"), ("approvals", "approvals"), ("overrides", "overrides"))),
]  # fmt: skip


@pytest.mark.control("change-alerts")
@pytest.mark.parametrize(("service", "name", "on", "subject"), ALWAYS)
def test_whoever_does_it_is_told_of(
    programs: dict[str, Program], service: str, name: str, on: dict[str, str], subject: str
) -> None:
    for who in ANYBODY:
        for error in ({}, {"errorCode": "AccessDenied"}):
            found = told(programs["dev"], service, name, who, requestParameters=on, **error)
            assert found - {"roles"} == {
                subject
            }  # a role that loses its boundary is a role that was changed, too
    [(key, value)] = on.items()
    others = {key: value.replace("dev", "test").replace("/corral", "/other")}
    assert told(programs["dev"], service, name, USER, requestParameters=others) == set()


@pytest.mark.control("change-alerts")
@pytest.mark.parametrize(("service", "name", "on", "subject"), BY_OTHERS)
def test_who_deploys_is_not_told_of_and_others_are(
    programs: dict[str, Program], service: str, name: str, on: dict[str, str], subject: str
) -> None:
    for who in (USER, OTHER, {"type": "Root", "arn": f"arn:aws:iam::{ACCOUNT}:root"}):
        assert told(programs["dev"], service, name, who, requestParameters=on) == {subject}
    assert told(programs["dev"], service, name, ENGINEER, requestParameters=on) == set()
    [(key, value)] = on.items()
    others = {key: value.replace("dev", "test")}
    assert told(programs["dev"], service, name, USER, requestParameters=others) == set()


@pytest.mark.control("change-alerts")
@pytest.mark.parametrize(
    "operation", ["DisableKey", "DisableKeyRotation", "ScheduleKeyDeletion", "PutKeyPolicy"]
)
def test_keys_however_they_are_named(programs: dict[str, Program], operation: str) -> None:
    outputs = programs["dev"].outputs
    for key in (outputs["platform_key_arn"], outputs["audit_key_arn"]):
        named = {"requestParameters": {"keyId": "alias/any"}, "resources": [{"ARN": key}]}
        assert told(programs["dev"], "kms", operation, ENGINEER, **named) == {"keys"}
    other = {"resources": [{"ARN": arn("kms", "key/other")}]}
    assert told(programs["dev"], "kms", operation, USER, **other) == set()


@pytest.mark.control("change-alerts")
def test_guardrails_by_id_and_by_arn(programs: dict[str, Program]) -> None:
    outputs = programs["dev"].outputs
    for name in ("guardrail_id", "guardrail_arn", "guardrail_strict_id", "guardrail_strict_arn"):
        on = {"requestParameters": {"guardrailIdentifier": outputs[name]}}
        assert told(programs["dev"], "bedrock", "UpdateGuardrail", USER, **on) == {"agents"}
        assert told(programs["dev"], "bedrock", "UpdateGuardrail", ENGINEER, **on) == set()


@pytest.mark.control("change-alerts")
def test_who_delivers_records_is_not_told_of(programs: dict[str, Program]) -> None:
    on = {"requestParameters": {"bucketName": BUCKET}}
    assert told(programs["dev"], "s3", "PutObject", CLOUDTRAIL, **on) == set()
    assert told(programs["dev"], "s3", "PutObject", session("corral-dev-decisions", OWN), **on) == set()
    assert told(programs["dev"], "s3", "PutObject", session("corral-dev-decisions-2", OWN), **on) == {
        "audit-bucket"
    }
    assert told(programs["dev"], "s3", "DeleteObject", session("corral-dev-decisions", OWN), **on) == {
        "audit-bucket"
    }


@pytest.mark.control("change-alerts")
@pytest.mark.parametrize(
    ("table", "subject", "writers"),
    [
        ("agents", "agent-states", [DEPLOYER.split("/")[1]]),
        ("approvals", "approvals", ["corral-dev-supervisor", "corral-dev-approvals"]),
        ("overrides", "overrides", ["corral-dev-override"]),
    ],
)
def test_items_are_told_of_unless_their_writers_write_them(
    programs: dict[str, Program], table: str, subject: str, writers: list[str]
) -> None:
    item = {"eventCategory": "Data", "resources": [{"ARN": arn("dynamodb", f"table/corral-dev-{table}")}]}
    written = (
        "PutItem",
        "UpdateItem",
        "DeleteItem",
        "BatchWriteItem",
        "TransactWriteItems",
        "ExecuteStatement",
    )
    for operation in written:
        for who in (USER, OTHER, *([ENGINEER] if table != "agents" else [])):
            assert told(programs["dev"], "dynamodb", operation, who, **item) == {subject}
        for writer in writers:
            who = session(writer, "" if table == "agents" else OWN)
            assert told(programs["dev"], "dynamodb", operation, who, **item) == set()
    for read in ("GetItem", "Query", "Scan", "BatchGetItem", "TransactGetItems"):
        assert told(programs["dev"], "dynamodb", read, USER, **item) == set()


def test_nobody_but_aws_makes_a_rule_speak(programs: dict[str, Program]) -> None:
    event = {
        "source": "mine.cloudtrail",
        "detail-type": "AWS API Call via CloudTrail",
        "detail": {"eventSource": "cloudtrail.amazonaws.com", "eventName": "StopLogging",
                   "userIdentity": USER, "requestParameters": {"name": "corral-dev-trail"}},
    }  # fmt: skip
    rules = [rule.inputs for rule in programs["dev"].of(RULE)]
    patterns = [each["eventPattern"] for each in rules if each["name"].startswith("corral-dev-alert-")]
    assert not [pattern for pattern in patterns if matches(pattern, event)]
    assert json.loads(patterns[0])["source"] == [{"prefix": "aws."}]
    event["source"] = "aws.cloudtrail"
    assert len([pattern for pattern in patterns if matches(pattern, event)]) == 1


def test_iams_calls_fit_wherever_they_were_recorded(programs: dict[str, Program]) -> None:
    """In another region they come forwarded from us-east-1 (decision 16)."""
    rules = {rule.inputs["name"]: rule.inputs["eventPattern"] for rule in programs["dev"].of(RULE)}
    for subject in ("roles", "boundaries"):
        assert REGION not in rules[f"corral-dev-alert-{subject}"]
        assert "egion" not in rules[f"corral-dev-alert-{subject}"]
