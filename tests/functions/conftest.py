"""An empty AWS account for each test, and the environment a function has on Lambda."""

import json
import threading
import uuid
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.core.botocore_stubber import BotocoreStubber

from functions.common import aws
from functions.front_door import harness
from functions.tools.knowledge_search import documents
from functions.tools.web_search import provider
from tests.functions.front_door_aws import ARN, SCHEDULES, Aws

REGION = "eu-west-1"
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": REGION,
    "ENVIRONMENT": "dev",
    "POWERTOOLS_SERVICE_NAME": "test",
    "POWERTOOLS_METRICS_NAMESPACE": "Corral",
    "TABLE_NAME": "own-table",
    "IDEMPOTENCY_TABLE": "idempotency",
    "DOCUMENTS_BUCKET": "documents",
    "AGENTS_TABLE": "agents",
    "REQUESTS_TABLE": "requests",
    "APPROVALS_TABLE": "approvals",
    "OVERRIDES_TABLE": "overrides",
    "TASKS_TABLE": "tasks",
    "DECISIONS_STREAM": "decisions",
    "TEAM_ROLES": "arn:aws:sts::123456789012:assumed-role/corral-dev-team-",
    "ATHENA_WORKGROUP": "warehouse",
    "WAREHOUSE_DATABASES": json.dumps(
        {"sales-orders": "corral_dev_sales_orders", "hr-people": "corral_dev_hr"}
    ),
    "WAREHOUSE_TEAM_COLUMNS": json.dumps({"sales-orders": {"orders": "team"}, "hr-people": {}}),
    "REPORTS_BUCKET": "reports",
}


class Context:
    """What Lambda passes to a handler besides the event."""

    function_name = "test"
    aws_request_id = "5d4bf8ab-0000-4000-8000-000000000000"
    client_context = None

    def __init__(self, seconds: float = 60) -> None:
        self.seconds = seconds

    def get_remaining_time_in_millis(self) -> int:
        return int(self.seconds * 1000)


@pytest.fixture
def context() -> Context:
    return Context()


# A conditional write is one step in DynamoDB and several in moto, where threads could come between them. Under this
# lock each request is one step; requests of several threads still come in any order.
_moto_answers, _moto_lock = BotocoreStubber.__call__, threading.RLock()


def _one_at_a_time(*arguments: Any, **named: Any) -> Any:
    with _moto_lock:
        return _moto_answers(*arguments, **named)


@pytest.fixture(autouse=True)
def _account(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    provider._key.cache_clear()
    monkeypatch.setattr(BotocoreStubber, "__call__", _one_at_a_time)
    documents._libraries.clear()
    documents._passages.clear()
    with mock_aws():
        yield


# Making a client takes 0.1 s. One of each lasts for all tests: what it talks to is emptied, not the client.
boto3_client, boto3_resource = cache(boto3.client), cache(boto3.resource)


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Callable[[], str]:
    """All that was logged, fields included."""
    caplog.set_level("INFO")
    return lambda: str([vars(record) for record in caplog.records])


Broken = Callable[..., Callable[[], None]]


@pytest.fixture
def broken() -> Iterator[Broken]:
    """Lets an operation of a client fail as AWS would, until mended or the test ends."""
    mends: list[Callable[[], None]] = []

    def let_fail(client: Any, operation: str, code: str, table: str | None = None) -> Callable[[], None]:
        def refuse(params: dict[str, Any], **_: Any) -> None:
            if table is None or table in (params.get("TableName"), *params.get("RequestItems", ())):
                raise ClientError({"Error": {"Code": code, "Message": "down"}}, operation)

        event = f"provide-client-params.{client.meta.service_model.service_id.hyphenize()}.{operation}"
        client.meta.events.register(event, refuse)
        mends.append(lambda: client.meta.events.unregister(event, refuse))
        return mends[-1]

    yield let_fail
    for mend in mends:
        mend()


def create_table(name: str, *keys: str) -> Any:
    """Create a table whose keys (partition, then sort) are texts."""
    return boto3_resource("dynamodb").create_table(
        TableName=name,
        KeySchema=[
            {"AttributeName": key, "KeyType": kind}
            for key, kind in zip(keys, ("HASH", "RANGE"), strict=False)
        ],
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
        BillingMode="PAY_PER_REQUEST",
    )


@pytest.fixture
def own_table() -> Any:
    """The tool's own table, with the idempotency table beside it."""
    create_table("idempotency", "id")
    return create_table("own-table", "id")


class Platform:
    """A platform as the supervisor finds it: tables, topic and stream; and what it has left in them."""

    arn = "arn:aws:bedrock-agentcore:eu-west-1:123456789012:harness/dev_support_helpdesk-AbCdEf1234"

    def __init__(self) -> None:
        self.agents = create_table("agents", "agent", "item")
        self.overrides = create_table("overrides", "scope")
        self.approvals = create_table("approvals", "team", "id")
        self.tasks = create_table("tasks", "agent", "session")
        rule = {
            "tool": "refund-issue",
            "conditions": [{"argument": "amount_cents", "operator": ">", "value": 5000}],
            "within_minutes": 60,
            "approvers": 1,
            "delegate": "deputy",
            "tool_does": "Pays back an order.",
            "because": "amount_cents > 5000",
        }
        self.rule = rule
        self.config = {
            "agent": self.arn,
            "item": "config",
            "team": "support",
            "name": "helpdesk",
            "key": "helpdesk",
            "environment": "dev",
            "tools": ["knowledge-search", "refund-issue"],
            "reads": ["knowledge-search"],
            "approval": json.dumps([rule]),
            "approvers": ["lead", "bob", "ann"],
        }
        self.agents.put_item(Item=self.config)
        boto3_client("s3").create_bucket(
            Bucket="audit", CreateBucketConfiguration={"LocationConstraint": REGION}
        )
        boto3_client("firehose").create_delivery_stream(
            DeliveryStreamName="decisions",
            ExtendedS3DestinationConfiguration={
                "RoleARN": "arn:aws:iam::123456789012:role/firehose",
                "BucketARN": "arn:aws:s3:::audit",
            },
        )
        topic = boto3_resource("sns").create_topic(Name="alerts")
        self.topic_arn = topic.arn
        self._queue = boto3_resource("sqs").create_queue(QueueName="approvers")
        topic.subscribe(Protocol="sqs", Endpoint=self._queue.attributes["QueueArn"])
        self._messages: list[dict[str, str]] = []

    def hook(
        self,
        event: str = "before_tool_call",
        tool: str = "knowledge-search___knowledge-search",
        arguments: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Return a hook's payload."""
        context: dict[str, Any] = {"toolName": tool, "toolType": "agentcore_gateway", "toolUseId": "use-1"}
        if event in ("before_tool_call", "beforeToolCall"):
            context["toolInput"] = {} if arguments is None else arguments
        return {
            "hookEventId": str(uuid.uuid4()),
            "name": "supervisor",
            "event": event,
            "harnessArn": self.arn,
            "sessionId": "0123456789abcdef0123456789abcdef-session",
            "context": context,
        }

    def override(self, mode: Any, scope: str = "support/helpdesk", **values: Any) -> None:
        """Put something above the agent, as people do."""
        self.overrides.put_item(Item={"scope": scope, "mode": mode, **values})

    def set(self, key: str, **values: Any) -> None:
        """Change an approval."""
        self.approvals.update_item(
            Key={"team": "support", "id": key},
            AttributeUpdates={name: {"Value": value} for name, value in values.items()},
        )

    def item(self, key: str) -> dict[str, Any]:
        """Return an approval as it is now."""
        found = self.approvals.get_item(Key={"team": "support", "id": key}, ConsistentRead=True)
        return dict(found["Item"])

    def approve(self, key: str) -> None:
        """Approve, without the approvals function."""
        self.set(key, status="APPROVED", approved_by=["bob"])

    def rules(self, *changes: dict[str, Any]) -> None:
        """Give the agent the usual rule with changes, once for each."""
        rules = [{**self.rule, **change} for change in changes]
        self.agents.put_item(Item={**self.config, "approval": json.dumps(rules)})

    def records(self) -> list[dict[str, Any]]:
        """Return the decision records of agents' steps in the order in which they were written."""
        return [record for record in self._records() if "." not in record["event"]]

    def steps(self) -> list[tuple[str, str, str | None]]:
        """Return what was recorded of approvals, in order: step, who, why."""
        found = [record for record in self._records() if "." in record["event"]]
        assert len({record["id"] for record in found}) == len(found)
        return [(r["event"].removeprefix("approval."), r["actor"], r["reason"]) for r in found]

    def _records(self) -> list[dict[str, Any]]:
        found = sorted(
            boto3_resource("s3").Bucket("audit").objects.all(), key=lambda item: item.last_modified
        )
        lines = [line for item in found for line in item.get()["Body"].read().decode().splitlines()]
        return sorted(map(json.loads, lines), key=lambda record: str(record["time"]))

    def messages(self) -> list[dict[str, str]]:
        """Return what approvers were told."""
        while received := self._queue.receive_messages(MaxNumberOfMessages=10):
            for message in received:
                self._messages.append(json.loads(message.body))
                message.delete()
        return self._messages


@pytest.fixture
def platform(monkeypatch: pytest.MonkeyPatch) -> Platform:
    platform = Platform()
    monkeypatch.setenv("ALERTS_TOPIC_ARN", platform.topic_arn)
    return platform


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    server = Aws()
    create_table("requests", "id")
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    endpoint = f"http://127.0.0.1:{server.server_port}"
    for service in ("BEDROCK_AGENTCORE", "BEDROCK_RUNTIME"):
        monkeypatch.setenv(f"AWS_ENDPOINT_URL_{service}", endpoint)
    agents = {
        "helpdesk": {"harness_arn": ARN, "qualifier": "live"},
        "billing": {"harness_arn": ARN, "qualifier": "live"},
        "contracts": {"harness_arn": ARN, "qualifier": "live", "guardrail": "strict", "scheduled": True},
        "lost": {"harness_arn": ARN, "qualifier": "live", "guardrail": "paranoid"},
    }
    guardrails = {"standard": {"id": "gr123", "version": "3"}, "strict": {"id": "gr456", "version": "7"}}
    monkeypatch.setenv("AGENTS", json.dumps(agents))
    monkeypatch.setenv("TEAM", "support")
    monkeypatch.setenv("GUARDRAILS", json.dumps(guardrails))
    monkeypatch.setenv("SCHEDULES_ROLE", SCHEDULES)
    for cached in (aws.client, harness.client):
        cached.cache_clear()
    yield server
    server.shutdown()
    server.server_close()
    for cached in (aws.client, harness.client):
        cached.cache_clear()
