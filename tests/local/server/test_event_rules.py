"""EventBridge on the local AWS: which records of CloudTrail a rule fits, and what becomes of an event."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.local.server.conftest import ACCOUNT, REGION, Server
from tests.local.server.support import stock
from tests.local.server.test_trail import audit, bucket_policy  # noqa: F401  fixtures

RULE_ARN = f"arn:aws:events:{REGION}:{ACCOUNT}:rule/"
EVENT = {
    "source": "aws.kms",
    "detail": {
        "eventName": "PutKeyPolicy",
        "requestParameters": {"keyId": "k-1", "none": None, "tags": ["a", "b"]},
        "resources": [{"type": "t1", "ARN": "arn:1"}, {"type": "t2", "ARN": "arn:2"}],
        "userIdentity": {"arn": "arn:aws:sts::1:assumed-role/deployer-a/me"},
    },
}


def detail(**fields: Any) -> dict[str, Any]:
    return {"detail": fields}


# What docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html says of each operator, and
# event-ruler's README of what holds for lists of objects.
PATTERNS: list[tuple[str, dict[str, Any], bool]] = [
    ("a value", {"source": ["aws.kms", "aws.s3"]}, True),
    ("another value", {"source": ["aws.s3"]}, False),
    ("prefix", detail(eventName=[{"prefix": "Put"}]), True),
    ("another prefix", detail(eventName=[{"prefix": "Get"}]), False),
    ("suffix", detail(requestParameters={"keyId": [{"suffix": "-1"}]}), True),
    ("another suffix", detail(requestParameters={"keyId": [{"suffix": "-2"}]}), False),
    ("any of a list's values", detail(requestParameters={"tags": ["b"]}), True),
    ("none of a list's values", detail(requestParameters={"tags": ["c"]}), False),
    ("anything but", detail(eventName=[{"anything-but": ["GetItem", "Scan"]}]), True),
    ("anything but this", detail(eventName=[{"anything-but": ["PutKeyPolicy"]}]), False),
    ("anything but of nothing", detail(errorCode=[{"anything-but": ["AccessDenied"]}]), False),
    (
        "anything but a prefix",
        detail(userIdentity={"arn": [{"anything-but": {"prefix": "arn:aws:sts::1:assumed-role/other"}}]}),
        True,
    ),
    (
        "anything but this prefix",
        detail(userIdentity={"arn": [{"anything-but": {"prefix": "arn:aws:sts::1:assumed-role/deployer"}}]}),
        False,
    ),
    ("nothing there", detail(userIdentity={"sessionContext": {"issuer": [{"exists": False}]}}), True),
    ("something there", detail(userIdentity={"arn": [{"exists": False}]}), False),
    ("either", detail(**{"$or": [{"eventName": ["GetKey"]}, {"userIdentity": {"arn": [{"exists": True}]}}]}), True),
    ("neither", detail(**{"$or": [{"eventName": ["GetKey"]}, {"eventName": ["DisableKey"]}]}), False),
    ("of two objects one", detail(resources={"ARN": ["arn:2"]}), True),
    ("of two objects none", detail(resources={"ARN": ["arn:3"]}), False),
    ("both of one object", detail(resources={"ARN": ["arn:2"], "type": ["t2"]}), True),
    ("one of each object", detail(resources={"ARN": ["arn:2"], "type": ["t1"]}), False),
]  # fmt: skip


@pytest.mark.parametrize(("pattern", "fits"), [p[1:] for p in PATTERNS], ids=[p[0] for p in PATTERNS])
def test_operators_fit_as_aws_documents_them(pattern: dict[str, Any], fits: bool) -> None:
    from corral.local.server.event_rules import matches

    assert matches(json.dumps(pattern), EVENT) is fits


def test_stock_does_not_look_into_lists_of_objects() -> None:
    said = stock(
        f"""
from moto.events.models import EventPattern
print(repr(EventPattern.load('{{"detail": {{"resources": {{"ARN": ["arn:2"]}}}}}}').matches_event({EVENT!r})))
"""
    )
    assert said is False


@pytest.fixture
def recording(server: Server, audit: str) -> str:  # noqa: F811
    """A trail of management events is on."""
    client = server.client("cloudtrail")
    client.create_trail(Name=audit, S3BucketName=audit)
    client.start_logging(Name=audit)
    yield audit
    client.delete_trail(Name=audit)


def allow(action: str, arn: str, rule: str) -> dict[str, Any]:
    return {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": action,
        "Resource": arn,
        "Condition": {"ArnLike": {"aws:SourceArn": RULE_ARN + rule}},
    }


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


class Rule:
    """A rule that tells of calls about one role, and publishes to a topic of its own."""

    def __init__(self, server: Server, name: str, key: str | None = None) -> None:
        self.server, self.name = server, name
        sns, sqs = server.client("sns"), server.client("sqs")
        settings = {} if key is None else {"KmsMasterKeyId": key}
        self.topic = sns.create_topic(Name=name, Attributes=settings)["TopicArn"]
        sns.set_topic_attributes(
            TopicArn=self.topic,
            AttributeName="Policy",
            AttributeValue=document(allow("sns:Publish", self.topic, name)),
        )
        letters = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"
        self.queue = sqs.create_queue(
            QueueName=name, Attributes={"Policy": document(allow("sqs:SendMessage", letters, name))}
        )["QueueUrl"]
        pattern = {"source": ["aws.iam"], "detail": {"requestParameters": {"roleName": [name]}}}
        self.events = server.client("events")
        self.events.put_rule(Name=name, EventPattern=json.dumps(pattern))
        self.target: dict[str, Any] = {
            "Id": "topic",
            "Arn": self.topic,
            "InputTransformer": {
                "InputPathsMap": {
                    "what": "$.detail.eventName",
                    "who": "$.detail.userIdentity.arn",
                    "refused": "$.detail.errorCode",
                },
                "InputTemplate": '"What: <what> <refused>"\n"Who: <who>"',
            },
            "DeadLetterConfig": {"Arn": letters},
        }
        self.events.put_targets(Rule=name, Targets=[self.target])

    def change(self) -> None:
        """Make calls about the role: one that changes something, and one that only looks."""
        iam = self.server.client("iam")
        trust = document({"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"})
        iam.create_role(RoleName=self.name, AssumeRolePolicyDocument=trust)
        iam.get_role(RoleName=self.name)

    def told(self) -> list[str]:
        messages: list[str] = self.server.admin("GET", f"notifications?topic={self.topic}")
        return messages

    def undelivered(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (
            self.server.client("sqs")
            .receive_message(QueueUrl=self.queue, MessageAttributeNames=["All"])
            .get("Messages", [])
        )
        return found


@pytest.fixture
def rule(server: Server, name: str, recording: str) -> Rule:
    return Rule(server, name)


def test_a_change_is_told_in_the_words_of_the_transformer(rule: Rule) -> None:
    rule.change()
    assert rule.told() == [f'"What: CreateRole "\n"Who: arn:aws:iam::{ACCOUNT}:user/administrator"']
    assert rule.undelivered() == []


def test_a_refusal_is_told_as_one(rule: Rule) -> None:
    with pytest.raises(Exception, match="NoSuchEntity"):
        rule.server.client("iam").delete_role(RoleName=rule.name)
    [told] = rule.told()
    assert told.startswith('"What: DeleteRole NoSuchEntity"\n')


def test_a_json_template_stays_json(rule: Rule) -> None:
    template = '{"what": <what>, "words": "<what> by <who>", "refused": <refused>}'
    transformer = rule.target["InputTransformer"] | {"InputTemplate": template}
    rule.events.put_targets(Rule=rule.name, Targets=[rule.target | {"InputTransformer": transformer}])
    rule.change()
    [told] = rule.told()
    who = f"arn:aws:iam::{ACCOUNT}:user/administrator"
    assert json.loads(told) == {"what": "CreateRole", "words": f"CreateRole by {who}", "refused": ""}


def _disabled(rule: Rule) -> None:
    rule.events.disable_rule(Name=rule.name)


def _without_target(rule: Rule) -> None:
    rule.events.remove_targets(Rule=rule.name, Ids=["topic"])


def _stopped(rule: Rule) -> None:
    cloudtrail = rule.server.client("cloudtrail")
    for trail in cloudtrail.describe_trails()["trailList"]:
        cloudtrail.stop_logging(Name=trail["Name"])


@pytest.mark.parametrize("off", [_disabled, _without_target, _stopped])
def test_what_is_switched_off_tells_nothing(rule: Rule, off: Callable[[Rule], None]) -> None:
    off(rule)
    rule.change()
    assert rule.told() == []
    assert rule.undelivered() == []


def _no_statement(rule: Rule) -> None:
    other = document(allow("sns:Publish", rule.topic, "another"))
    rule.server.client("sns").set_topic_attributes(
        TopicArn=rule.topic, AttributeName="Policy", AttributeValue=other
    )


def _no_topic(rule: Rule) -> None:
    rule.server.client("sns").delete_topic(TopicArn=rule.topic)


def _no_function(rule: Rule) -> None:
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f"
    rule.events.put_targets(Rule=rule.name, Targets=[rule.target | {"Arn": arn}])


def _state_machine(rule: Rule) -> None:
    arn = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:steps"
    rule.events.put_targets(Rule=rule.name, Targets=[rule.target | {"Arn": arn}])


@pytest.mark.parametrize(
    ("broken", "code"),
    [
        (_no_statement, "NO_PERMISSIONS"),
        (_no_topic, "RESOURCE_NOT_FOUND"),
        (_no_function, "RESOURCE_NOT_FOUND"),
        (_state_machine, "NOT_PART_OF_THE_LOCAL_AWS"),
    ],
)
def test_what_cannot_be_delivered_goes_to_the_dead_letters(
    rule: Rule, broken: Callable[[Rule], None], code: str
) -> None:
    broken(rule)
    rule.change()
    [letter] = rule.undelivered()
    assert json.loads(letter["Body"])["detail"]["eventName"] == "CreateRole"
    said = {name: value["StringValue"] for name, value in letter["MessageAttributes"].items()}
    assert said["ERROR_CODE"] == code
    assert said["RULE_ARN"] == RULE_ARN + rule.name


def test_the_key_of_a_topic_must_let_events_use_it(server: Server, name: str, recording: str) -> None:
    kms = server.client("kms")
    account = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    owner = {"Effect": "Allow", "Principal": account, "Action": "kms:*", "Resource": "*"}
    key = kms.create_key(Policy=document(owner))["KeyMetadata"]["Arn"]
    rule = Rule(server, name, key)
    rule.change()
    assert rule.told() == []
    assert "key policy" in rule.undelivered()[0]["MessageAttributes"]["ERROR_MESSAGE"]["StringValue"]
    events = {"Service": "events.amazonaws.com"}
    uses = ["kms:Decrypt", "kms:GenerateDataKey"]
    allowed = {"Effect": "Allow", "Principal": events, "Action": uses, "Resource": "*"}
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=document(owner, allowed))
    server.client("iam").delete_role(RoleName=name)
    assert len(rule.told()) == 1


def test_a_call_of_kms_is_recorded_with_the_keys_arn(server: Server, name: str, recording: str) -> None:
    kms = server.client("kms")
    key = kms.create_key()["KeyMetadata"]
    kms.create_alias(AliasName=f"alias/{name}", TargetKeyId=key["KeyId"])
    kms.disable_key_rotation(KeyId=key["KeyId"])
    [record] = [
        r
        for r in server.admin("GET", "trail")
        if r["eventName"] == "DisableKeyRotation" and r["requestParameters"]["keyId"] == key["KeyId"]
    ]
    assert [each["ARN"] for each in record["resources"]] == [key["Arn"]]


def test_the_door_says_that_there_is_no_such_topic(server: Server) -> None:
    with pytest.raises(Exception, match="404"):
        server.admin("GET", "notifications?topic=none")
