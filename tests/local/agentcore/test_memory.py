"""AgentCore memory through boto3: events, sessions, actors, and who may touch them."""

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.iam.models import iam_backends

MEMORY_ID = "support-abcdefghij"
MEMORY_ARN = f"arn:aws:bedrock-agentcore:us-east-1:111122223333:memory/{MEMORY_ID}"


@pytest.fixture
def client(world: Any) -> Any:
    world.store.put("AWS::BedrockAgentCore::Memory", {"MemoryId": MEMORY_ID, "MemoryArn": MEMORY_ARN})
    role = world.role("helpdesk", ("bedrock-agentcore:*", MEMORY_ARN))
    return world.client("bedrock-agentcore", world.session(role))


def add(client: Any, text: str, actor: str = "ann", session: str = "s1", **more: Any) -> dict[str, Any]:
    payload = [{"conversational": {"role": "USER", "content": {"text": text}}}]
    event = {"memoryId": MEMORY_ID, "actorId": actor, "sessionId": session, "payload": payload}
    return dict(client.create_event(**event, eventTimestamp=datetime.now(UTC), **more)["event"])


def texts(client: Any, **more: Any) -> list[str]:
    place = {"memoryId": MEMORY_ID, "actorId": "ann", "sessionId": "s1"}
    pages = client.get_paginator("list_events").paginate(**place, **more, PaginationConfig={"PageSize": 2})
    events = [event for page in pages for event in page["events"]]
    return [event["payload"][0]["conversational"]["content"]["text"] for event in events]


def test_events_come_back_newest_first_page_by_page(client: Any) -> None:
    for number in range(5):
        add(client, f"message {number}")
    add(client, "of another actor", actor="bob")
    add(client, "of another session", session="s2")
    assert texts(client) == [f"message {number}" for number in (4, 3, 2, 1, 0)]


def test_events_are_filtered_by_metadata_and_branch(client: Any) -> None:
    add(client, "tagged", metadata={"kind": {"stringValue": "x"}})
    add(client, "branched", branch={"name": "other"})
    add(client, "plain")
    has = {"left": {"metadataKey": "kind"}, "operator": "EXISTS"}
    equals = {"left": {"metadataKey": "kind"}, "operator": "EQUALS_TO"}
    equals["right"] = {"metadataValue": {"stringValue": "x"}}
    assert texts(client, filter={"eventMetadata": [has]}) == ["tagged"]
    assert texts(client, filter={"eventMetadata": [equals]}) == ["tagged"]
    missing = {"eventMetadata": [{**has, "operator": "NOT_EXISTS"}]}
    assert texts(client, filter=missing) == ["plain", "branched"]
    assert texts(client, filter={"branch": {"name": "other"}}) == ["branched"]


def test_an_event_is_read_and_deleted(client: Any) -> None:
    place = {"memoryId": MEMORY_ID, "actorId": "ann", "sessionId": "s1"}
    event_id = add(client, "hello")["eventId"]
    assert client.get_event(**place, eventId=event_id)["event"]["eventId"] == event_id
    assert client.delete_event(**place, eventId=event_id)["eventId"] == event_id
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_event(**place, eventId=event_id)
    assert texts(client) == []


def test_a_repeated_client_token_adds_nothing(client: Any) -> None:
    first = add(client, "once", clientToken="same")
    assert add(client, "twice", clientToken="same")["eventId"] == first["eventId"]
    assert texts(client) == ["once"]


def test_sessions_and_actors_are_listed(client: Any) -> None:
    add(client, "a")
    add(client, "b", session="s2")
    add(client, "c", actor="bob")
    sessions = client.list_sessions(memoryId=MEMORY_ID, actorId="ann")["sessionSummaries"]
    assert [summary["sessionId"] for summary in sessions] == ["s2", "s1"]
    actors = client.list_actors(memoryId=MEMORY_ID)["actorSummaries"]
    assert actors == [{"actorId": "ann"}, {"actorId": "bob"}]
    found = client.retrieve_memory_records(
        memoryId=MEMORY_ID, namespace="/", searchCriteria={"searchQuery": "a"}
    )
    assert found["memoryRecordSummaries"] == []


def test_a_role_without_rights_is_refused_and_so_is_an_unknown_memory(world: Any, client: Any) -> None:
    stranger = world.client("bedrock-agentcore", world.session(world.role("stranger")))
    with pytest.raises(ClientError, match=r"AccessDeniedException.*bedrock-agentcore:CreateEvent"):
        add(stranger, "let me in")
    with pytest.raises(ClientError, match=r"AccessDeniedException.*ListEvents"):
        texts(stranger)
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.list_actors(memoryId="unknown-abcdefghij")


def test_rights_can_be_bound_to_an_actor(world: Any, client: Any) -> None:
    role = world.role("ann-only")
    document = (
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "bedrock-agentcore:*", '
        '"Resource": "*", "Condition": {"StringEquals": {"bedrock-agentcore:actorId": "ann"}}}]}'
    )
    iam_backends["111122223333"]["aws"].put_role_policy("ann-only", "policy", document)
    bound = world.client("bedrock-agentcore", world.session(role))
    add(bound, "mine")
    with pytest.raises(ClientError, match="AccessDeniedException"):
        add(bound, "his", actor="bob")


def test_what_is_not_there_says_so(client: Any) -> None:
    with pytest.raises(ClientError, match="bedrock-agentcore:GetMemoryRecord is not part of the local AWS"):
        client.get_memory_record(memoryId=MEMORY_ID, memoryRecordId="mem-" + "a" * 40)
