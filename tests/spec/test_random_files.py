"""Whatever a file holds, loading ends in an environment or in SpecErrors, never in anything else."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from corral.spec.errors import SpecErrors
from corral.spec.load import load_environment

GOOD = Path(__file__).parents[1] / "fixtures/good"
TARGETS = [
    "stacks/dev/platform.yaml",
    "stacks/dev/teams/support.yaml",
    "stacks/dev/domains/orders.yaml",
    "stacks/dev/data/orders/orders.csv",
    "functions/tools/pay_back/tool.yaml",
    "functions/tools/pay_back/handler.py",
    "templates/agents/helper/1.2.0/template.yaml",
    "templates/agents/helper/1.2.0/prompt.md.j2",
    "templates/agents/helper/1.2.0/card.md.j2",
    "templates/agents/helper/1.2.0/scenarios.yaml",
]
YAMLS = [target for target in TARGETS if target.endswith(".yaml")]
relaxed = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=30), st.dates(),
    st.sampled_from(["helper@1", "corral/v1", "a > 1", "{{ x }}", "{% if", "1.0.0", "*a", "&a", "!!x y"]),
)  # fmt: skip
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8) | scalars, inner, max_size=3)
    ),
    max_leaves=8,
)


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copytree(GOOD, tmp_path_factory.mktemp("random") / "project"))


def load_with(sandbox: Path, target: str, content: bytes) -> None:
    path = sandbox / target
    path.write_bytes(content)
    found = SpecErrors([])
    try:
        assert load_environment(sandbox / "stacks/dev").agents
    except SpecErrors as errors:
        found = errors
    else:
        return
    finally:
        shutil.copyfile(GOOD / target, path)
    assert found.errors
    assert all(error.text and error.path and (error.line is None or error.line > 0) for error in found.errors)


@pytest.mark.control("clear-errors")
@relaxed
@given(target=st.sampled_from(TARGETS), content=st.binary(max_size=300))
def test_random_bytes(sandbox: Path, target: str, content: bytes) -> None:
    load_with(sandbox, target, content)


@pytest.mark.control("clear-errors")
@relaxed
@given(target=st.sampled_from(TARGETS), content=st.text("{}[]:,-#&*!|>'\"%@` \n\tab1<?$", max_size=80))
def test_random_punctuation(sandbox: Path, target: str, content: str) -> None:
    load_with(sandbox, target, content.encode())


@pytest.mark.control("clear-errors")
@relaxed
@given(
    target=st.sampled_from(TARGETS),
    start=st.integers(0, 900),
    length=st.integers(1, 60),
    by=st.text(max_size=5),
)
def test_a_part_cut_out(sandbox: Path, target: str, start: int, length: int, by: str) -> None:
    content = (GOOD / target).read_text(encoding="utf-8")
    start %= max(1, len(content))
    cut = content[:start] + by + content[start + length :]
    load_with(sandbox, target, cut.encode("utf-8", "surrogatepass"))


def places(data: Any, place: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    children = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [place, *(below for key, child in children for below in places(child, (*place, key)))]


@pytest.mark.control("clear-errors")
@relaxed
@given(data=st.data(), target=st.sampled_from(YAMLS), value=values)
def test_a_value_replaced(sandbox: Path, data: st.DataObject, target: str, value: Any) -> None:
    yaml = YAML(typ="safe", pure=True)
    document = {"root": yaml.load(GOOD / target)}
    place = data.draw(st.sampled_from(places(document["root"], ("root",))))
    parent: Any = document
    for key in place[:-1]:
        parent = parent[key]
    parent[place[-1]] = value
    path = sandbox / target
    try:
        with path.open("w", encoding="utf-8", errors="surrogatepass") as stream:
            yaml.dump(document["root"], stream)
        load_with(sandbox, target, path.read_bytes())
    finally:
        shutil.copyfile(GOOD / target, path)
