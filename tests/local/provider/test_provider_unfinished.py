"""Every type: a creation or an update that fails half way is recorded as it is, and the next update ends it."""

import inspect
import re
from typing import Any

import grpc  # type: ignore[import-untyped]
import pytest

from corral.local.engine.aws import HANDLERS
from corral.local.provider.aws import KINDS
from corral.local.provider.comparing import same
from corral.local.provider.unfinished import UNFINISHED
from corral.local.provider.values import DEFAULTS, comparable
from tests.local.provider.conftest import (
    Engine,
    Made,
    WatchedCalls,
    changed_inputs,
    inputs_of,
    made_of,
    recorded,
)
from tests.local.provider.resource_cases import ALLOW, BOUNDARY, CASES, TRUST, Case

_MOST = 6  # changing calls that one creation or update makes
_ITEM = "aws:dynamodb/tableItem:TableItem"


def assert_finished(engine: Engine, case: Case, made: Made) -> None:
    """Check that a resource is as its inputs say, in the state and on AWS."""
    assert UNFINISHED not in made.properties.fields, case.key
    assert engine.refresh(made) == made, case.key
    if case.token == _ITEM:
        return  # an item whose key changed is not found by the id that it was made with
    found = engine.import_(made.token, case.imported_by or made.id)
    assert found is not None, case.key
    wanted, live = comparable(made.inputs), comparable(found.inputs)
    for key in (wanted.keys() | live.keys()) - {DEFAULTS} - case.lost:
        assert same(key, live.get(key), wanted.get(key), KINDS[case.token].defaults.get(key)), (case.key, key)


def refreshed_in_vain(engine: Engine, half: Made) -> Made:
    """Refresh a resource that is unfinished: it stays so."""
    with pytest.raises(grpc.RpcError, match="interrupted") as error:
        engine.refresh(half)
    return recorded(error.value, half)


@pytest.mark.parametrize("failing", range(1, _MOST))
def test_a_creation_that_fails_half_way_is_ended_by_an_update(
    engine: Engine, calls: WatchedCalls, failing: int
) -> None:
    made: dict[str, Made] = {}
    for case in CASES:
        inputs = inputs_of(case, made)
        calls.changes.clear()
        calls.until_failure = failing
        try:
            made[case.key] = engine.create(case.token, inputs)
        except grpc.RpcError as error:
            assert len(calls.changes) == failing, case.key  # nothing more is done after a failure
            half = recorded(error, Made("", case.token, engine.check(case.token, inputs), None))
            assert refreshed_in_vain(engine, half).properties == half.properties, case.key
            assert engine.diff(half, inputs).changes == 1
            made[case.key] = engine.update(half, inputs)
        calls.until_failure = None
        assert_finished(engine, case, made[case.key])


@pytest.mark.parametrize("failing", range(_MOST))
@pytest.mark.parametrize("back", [False, True])
def test_an_update_that_fails_half_way_is_ended_by_the_next(
    engine: Engine, calls: WatchedCalls, failing: int, back: bool
) -> None:
    made = made_of(engine, CASES)
    for case in (case for case in CASES if case.change):
        before, inputs = made[case.key], changed_inputs(case, made)
        failed = None
        calls.until_failure = failing
        try:
            after = engine.update(before, inputs)
        except grpc.RpcError as error:
            failed = error
        calls.until_failure = None
        if failed is not None:
            # As long as nothing is done, the state stays as it was.
            assert (failed.code() == grpc.StatusCode.INVALID_ARGUMENT) == (failing == 0), case.key
            half = before
            if failing:
                half = recorded(failed, before)
                half.inputs = engine.check(case.token, inputs, before.inputs)
            after = engine.update(half, before.inputs if back else inputs)
        assert_finished(engine, case, after)


def test_a_half_done_update_claims_nothing_that_was_not_done(engine: Engine, calls: WatchedCalls) -> None:
    token, inputs = "aws:iam/role:Role", {"name": "worker", "assumeRolePolicy": "{}"}
    wanted = inputs | {"description": "d", "tags": {"a": "b"}}
    before = engine.create(token, inputs)
    calls.until_failure = 1
    with pytest.raises(grpc.RpcError) as error:
        engine.update(before, wanted)
    half = recorded(error.value, before)
    assert half.outputs["description"] == "d"
    assert "tags" not in half.outputs
    half.inputs = engine.check(token, wanted, before.inputs)
    found = refreshed_in_vain(engine, half)
    assert "tags" not in comparable(found.properties)
    after = engine.update(half, wanted)
    assert after.outputs["tags"] == {"a": "b"}
    assert engine.refresh(after) == after


def test_what_a_half_done_update_was_to_take_away_still_goes(
    engine: Engine, calls: WatchedCalls, client: Any
) -> None:
    iam, role = client("iam"), {"RoleName": "worker"}
    engine.create("aws:iam/policy:Policy", {"name": "boundary", "policy": ALLOW})
    token, inputs = "aws:iam/role:Role", {"name": "worker", "assumeRolePolicy": TRUST}
    policies = [{"name": "one", "policy": ALLOW}, {"name": "two", "policy": ALLOW}]
    before = engine.create(token, inputs | {"inlinePolicies": policies, "managedPolicyArns": [BOUNDARY]})
    iam.put_role_policy(**role, PolicyName="someone-elses", PolicyDocument=ALLOW)
    half = before
    for changes in (1, 1):  # the second failure is to forget nothing of the first
        calls.until_failure = changes
        with pytest.raises(grpc.RpcError) as error:
            engine.update(half, inputs)
        half = recorded(error.value, half)
        half.inputs = engine.check(token, inputs, half.inputs)
    after = engine.update(half, inputs)
    assert iam.list_role_policies(**role)["PolicyNames"] == ["someone-elses"]
    assert iam.list_attached_role_policies(**role)["AttachedPolicies"] == []
    assert engine.refresh(after) == after


def test_what_no_reading_shows_is_set_again(engine: Engine, calls: WatchedCalls) -> None:
    token, inputs = "aws:sns/topic:Topic", {"name": "alerts"}
    wanted = inputs | {"displayName": "d", "signatureVersion": "2"}
    before = engine.create(token, inputs)
    calls.until_failure = 1
    with pytest.raises(grpc.RpcError) as error:
        engine.update(before, wanted)
    half = recorded(error.value, before)
    half.inputs = engine.check(token, wanted, before.inputs)
    calls.changes.clear()
    engine.update(half, wanted)
    assert calls.changes == ["sns set_topic_attributes"]


def test_what_a_half_done_creation_has_is_not_made_again(engine: Engine, calls: WatchedCalls) -> None:
    case = next(case for case in CASES if case.token == "aws:lambda/function:Function")
    engine.create("aws:iam/role:Role", {"name": "worker", "assumeRolePolicy": TRUST})
    calls.until_failure = 1
    with pytest.raises(grpc.RpcError) as error:
        engine.create(case.token, case.inputs)
    asked = engine.check(case.token, case.inputs)
    calls.changes.clear()
    made = engine.update(recorded(error.value, Made("", case.token, asked, None)), case.inputs)
    assert calls.changes == ["lambda publish_version", "lambda put_function_concurrency"]
    assert made.outputs["version"] == "1"


def test_what_is_recorded_when_nothing_can_be_read_is_ended_all_the_same(
    engine: Engine, calls: WatchedCalls
) -> None:
    token = "aws:cloudwatch/logGroup:LogGroup"
    inputs = {"name": "/logs", "retentionInDays": 30}
    calls.until_failure = 1
    calls.answers_questions = False
    with pytest.raises(grpc.RpcError) as error:
        engine.create(token, inputs)
    calls.answers_questions = True
    half = recorded(error.value, Made("", token, engine.check(token, inputs), None))
    after = engine.update(half, inputs)
    assert engine.refresh(after) == after


def test_a_creation_that_fails_at_once_leaves_nothing(engine: Engine, calls: WatchedCalls) -> None:
    calls.until_failure = 0
    with pytest.raises(grpc.RpcError) as error:
        engine.create("aws:iam/role:Role", {"name": "worker", "assumeRolePolicy": "{}"})
    assert error.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert not [key for key, _ in error.value.trailing_metadata() if key == "grpc-status-details-bin"]


def test_the_cases_make_every_call_that_a_creation_can(engine: Engine, calls: WatchedCalls) -> None:
    made: dict[str, Made] = {}
    seen: dict[str, set[str]] = {}
    for case in CASES:
        calls.changes.clear()
        made[case.key] = engine.create(case.token, inputs_of(case, made))
        seen.setdefault(case.token, set()).update(calls.changes)
        assert len(calls.changes) <= _MOST, case.key
    for case in (case for case in CASES if case.change):
        calls.changes.clear()
        engine.update(made[case.key], changed_inputs(case, made))
        assert len(calls.changes) <= _MOST, case.key
    for token, handler in HANDLERS.items():
        source = inspect.getsource(handler)
        made_by = {" ".join(call) for call in re.findall(r'context.call\(\s*"(\w+)",\s*"(\w+)"', source)}
        assert made_by, token
        assert seen[token] == {call for call in made_by if not call.endswith("describe_key")}, token
