"""The program registered with the offline engine and with the real one: the same resources, inputs and dependencies."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from corral.local.engine import Credentials, Resource, StackResult, run_stacks
from corral.local.engine.model import SECRET
from corral.local.session import Session
from tests.engine.engine import Engine

STACKS = ("dev", "dev.support", "dev.sales", "dev.finance", "dev.legal")
_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET = "1b47061264138c4ac30d75fd1eb44270"
_ASSET = "c44067f5952c0a294b673a41bacd8c17"
_SHORTEST = 6  # of a value AWS made up: shorter ones are in too many texts by chance


@pytest.fixture(scope="module")
def offline(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> dict[str, StackResult]:
    """What the offline engine registers."""
    folder = tmp_path_factory.mktemp("offline")
    account, region = "111122223333", "us-east-1"
    with Session.start(account, region, folder / "local.log") as session:
        at = session.at
        results = run_stacks(
            environment_name="dev",
            project_root=engine.project,
            stacks=list(STACKS),
            endpoint=at.endpoint,
            credentials=Credentials(at.access_key_id, at.secret_access_key),
            region=region,
            account=account,
            on_event=lambda event: None,
        )
    assert all(result.ok for result in results.values())
    return results


@pytest.fixture(scope="module")
def real(engine: Engine) -> dict[str, dict[str, dict[str, Any]]]:
    """What the real engine has in its states, by stack and URN."""
    engine.init(*STACKS)
    for stack in STACKS:
        engine.up(stack)
    return {
        stack: {each["urn"]: each for each in engine.state(stack) if not each["type"].startswith("pulumi:")}
        for stack in STACKS
    }


def ours(result: StackResult) -> dict[str, Resource]:
    return {each.urn: each for each in result.resources if not each.type.startswith("pulumi:")}


def plain(value: Any) -> Any:
    """A value of a state with secrets masked, a file as its hash, and of an archive that it is one."""
    if isinstance(value, list):
        return [plain(each) for each in value]
    if not isinstance(value, dict):
        return value
    if _SIGNATURE in value:
        return {_SECRET: SECRET, _ASSET: value.get("hash")}.get(value[_SIGNATURE], "archive")
    return {key: plain(each) for key, each in value.items() if key != "__defaults"}


def shown(inputs: dict[str, Any]) -> dict[str, Any]:
    """The offline engine's inputs in the same form."""
    made = dict(inputs)
    if "code" in made:
        made["code"] = "archive"
    if "source" in made:
        made["source"] = hashlib.sha256(Path(made["source"]["asset"]).read_bytes()).hexdigest()
    return made


def texts(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], str]]:
    """Every text in a value, with its path."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict | list):
        for key, each in value.items() if isinstance(value, dict) else enumerate(value):
            yield from texts(each, (*path, key))


class Made:
    """What AWS made up in each of two runs, such as ids: in either run's values it becomes the same mark."""

    def __init__(self, here: dict[str, Any], there: dict[str, Any]) -> None:
        marks: list[dict[str, str]] = [{}, {}]
        for urn in here:
            pairs = dict(texts(here[urn])), dict(texts(there[urn]))
            for path in pairs[0].keys() & pairs[1].keys():
                values = pairs[0][path], pairs[1][path]
                if values[0] != values[1] and min(map(len, values)) >= _SHORTEST:
                    for known, value in zip(marks, values, strict=True):
                        known.setdefault(value, f"<{urn.rpartition('::')[2]} {path[-1]}>")
        # The longest first: an ARN ends with an id that is known as well.
        self._marks = [sorted(known.items(), key=lambda item: -len(item[0])) for known in marks]

    def hidden(self, run: int, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self.hidden(run, each) for key, each in value.items()}
        if isinstance(value, list):
            return [self.hidden(run, each) for each in value]
        if isinstance(value, str):
            for text, mark in self._marks[run]:
                value = value.replace(text, mark)
        return value


@pytest.mark.parametrize("stack", STACKS)
def test_the_same_resources_in_the_same_places(offline: Any, real: Any, stack: str) -> None:
    assert ours(offline[stack]).keys() == real[stack].keys()
    for urn, resource in ours(offline[stack]).items():
        assert real[stack][urn].get("parent", "") == resource.parent
        assert real[stack][urn].get("protect", False) == resource.protect
        assert real[stack][urn].get("retainOnDelete", False) == resource.retain_on_delete


@pytest.mark.parametrize("stack", STACKS)
def test_the_same_dependencies(offline: Any, real: Any, stack: str) -> None:
    for urn, resource in ours(offline[stack]).items():
        assert sorted(real[stack][urn].get("dependencies") or []) == resource.dependencies, urn
        known = {key: sorted(urns) for key, urns in resource.property_dependencies.items() if urns}
        found = real[stack][urn].get("propertyDependencies") or {}
        assert {key: sorted(urns) for key, urns in found.items() if urns} == known, urn


@pytest.mark.parametrize("stack", STACKS)
def test_the_same_inputs(offline: Any, real: Any, stack: str) -> None:
    made_up = Made(
        *(
            {
                f"{each.urn}": {"id": each.id, **each.outputs}
                for one in offline.values()
                for each in ours(one).values()
            },
            {
                urn: {"id": each.get("id", ""), **each.get("outputs", {})}
                for one in real.values()
                for urn, each in one.items()
            },
        )
    )
    compared = 0
    for urn, resource in ours(offline[stack]).items():
        if not resource.id:
            continue  # a component's inputs are not sent
        inputs = real[stack][urn].get("inputs", {})
        given = {
            key: value for key, value in plain(inputs).items() if key not in inputs.get("__defaults", ())
        }
        assert made_up.hidden(0, shown(resource.inputs)) == made_up.hidden(1, given), urn
        compared += 1
    assert compared > 15  # the smallest team, of one agent, has 19


def test_the_same_outputs_of_the_stacks(engine: Engine, offline: Any, real: Any) -> None:
    for stack in STACKS:
        assert engine.outputs(stack).keys() == {
            key for key, value in offline[stack].outputs.items() if value is not None
        }
