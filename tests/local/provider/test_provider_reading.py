"""Every type: what a refresh makes of it, untouched and changed by others, and what an import finds."""

from typing import Any

import grpc  # type: ignore[import-untyped]
import pytest

from corral.local.provider.aws import KINDS
from corral.local.provider.comparing import same
from corral.local.provider.values import DEFAULTS, comparable
from tests.local.provider.conftest import Engine, LocalAws, Made, made_of
from tests.local.provider.drift_cases import DRIFTS, Drift
from tests.local.provider.resource_cases import CASES, Case


@pytest.fixture(scope="module")
def world(local_aws: LocalAws, stub: Any) -> tuple[Engine, dict[str, Made]]:
    """Every case made once. Each test leaves all as it was."""
    local_aws.empty()
    engine = Engine(stub)
    return engine, made_of(engine, CASES)


def cases() -> Any:
    return pytest.mark.parametrize("case", CASES, ids=lambda case: case.key)


@cases()
def test_a_refresh_of_what_no_one_touched_changes_nothing(world: Any, case: Case) -> None:
    engine, made = world
    found = engine.refresh(made[case.key])
    assert found is not None
    assert comparable(found.inputs) == comparable(made[case.key].inputs)
    assert comparable(found.properties) == comparable(made[case.key].properties)
    assert found == made[case.key]


@pytest.mark.parametrize("drift", DRIFTS, ids=str)
def test_a_change_by_others_shows_and_is_put_back(world: Any, client: Any, drift: Drift) -> None:
    engine, made = world
    before = made[drift.key]
    drift.change(client, before.id)
    found = engine.refresh(before)
    was, now = comparable(before.inputs), comparable(found.inputs)
    assert {key for key in was.keys() | now.keys() if was.get(key) != now.get(key)} == {drift.shows}
    assert engine.refresh(found) == found
    answer = engine.diff(found, before.inputs)
    assert list(answer.diffs) == [drift.shows]
    assert bool(answer.replaces) == drift.replaces
    if drift.replaces:
        if answer.deleteBeforeReplace:
            engine.delete(found)
        after = made[drift.key] = engine.create(before.token, before.inputs)
        if not answer.deleteBeforeReplace:
            engine.delete(found)
    else:
        after = engine.update(found, before.inputs)
    assert comparable(after.inputs) == was
    assert engine.refresh(after) == after
    made[drift.key] = after


@cases()
def test_an_import_finds_what_was_made(world: Any, case: Case) -> None:
    engine, made = world
    expected = made[case.key]
    found = engine.import_(case.token, case.imported_by or expected.id)
    assert found is not None
    assert found.id == expected.id
    wanted, given = comparable(expected.inputs), comparable(found.inputs)
    defaults = KINDS[case.token].defaults
    for key in (wanted.keys() | given.keys()) - {DEFAULTS} - case.lost:
        assert same(key, given.get(key), wanted.get(key), defaults.get(key)), key
    outputs = comparable(expected.properties)
    for key in outputs.keys() - case.lost:
        assert same(key, comparable(found.properties).get(key), outputs[key], defaults.get(key)), key
    assert set(engine.diff(found, expected.inputs).diffs) <= case.lost
    again = engine.refresh(found)
    assert again == found


@cases()
def test_an_import_of_what_is_not_there_is_empty(world: Any, case: Case) -> None:
    engine, made = world
    identifier = case.imported_by or made[case.key].id
    last = "y" if identifier[-1] == "x" else "x"
    gone = f"x{identifier}" if ":s3/" in case.token else f"{identifier[:-1]}{last}"
    assert engine.import_(case.token, gone) is None


@pytest.mark.parametrize("token", sorted(KINDS))
def test_an_id_that_cannot_be_one_is_refused_with_its_form(world: Any, token: str) -> None:
    engine, _ = world
    with pytest.raises(grpc.RpcError, match=f"the id of {token} is [A-Za-z]"):
        engine.import_(token, "a:b|c")


def test_every_type_is_read_in_all_these_ways() -> None:
    assert {case.token for case in CASES} == set(KINDS)
    drifted = {case.token for case in CASES for drift in DRIFTS if drift.key == case.key}
    assert drifted == set(KINDS) - {"aws:iam/rolePolicyAttachment:RolePolicyAttachment"}  # has nothing else
