"""Generated files are current, and every pattern and every published file fits them."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ruamel.yaml import YAML

from corral.spec import regions
from corral.spec.schema import KINDS, schema
from corral.spec.source import read_yaml
from corral.spec.wording import PATTERNS

ROOT = Path(__file__).parents[2]
FILES = sorted(
    path
    for folder in ("stacks", "templates/agents", "functions/tools")
    for path in (ROOT / folder).rglob("*.yaml")
    if not path.name.startswith("Pulumi.")
)


@pytest.mark.parametrize("kind", KINDS)
def test_the_published_schema_is_current(kind: str) -> None:
    published = (ROOT / f"schemas/{kind}.schema.json").read_text(encoding="utf-8")
    assert published == schema(kind), "python -m corral.spec.schema writes it anew"
    jsonschema.Draft202012Validator.check_schema(json.loads(published))


def test_nothing_else_is_published() -> None:
    assert {path.name for path in (ROOT / "schemas").iterdir()} == {f"{kind}.schema.json" for kind in KINDS}


def kind_of(path: Path) -> str:
    """The kind of file, by where it is."""
    by_name = {"platform": "platform", "tool": "tool", "template": "template", "scenarios": "scenarios"}
    by_folder = {"teams": "team", "domains": "domain"}
    return by_folder.get(path.parent.name) or by_name[path.stem]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_file_names_its_schema_and_fits_it(path: Path) -> None:
    first = path.read_text(encoding="utf-8").split("\n", 1)[0]
    found = re.fullmatch(r"# yaml-language-server: \$schema=(\S+)", first)
    assert found, first
    target = (path.parent / found[1]).resolve()
    assert target == ROOT / f"schemas/{kind_of(path)}.schema.json"
    jsonschema.validate(read_yaml(path, ROOT).data, json.loads(target.read_text(encoding="utf-8")))


def test_there_are_files() -> None:
    assert len(FILES) >= 16


def test_a_schema_refuses_what_the_model_refuses() -> None:
    team = YAML(typ="safe").load(ROOT / "stacks/dev/teams/support.yaml")
    team["agents"][0]["stagee"] = "pilot"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(team, json.loads(schema("team")))


def patterns(value: Any) -> set[str]:
    if isinstance(value, dict):
        here = {value["pattern"]} if isinstance(value.get("pattern"), str) else set()
        keys = set(value.get("patternProperties", ()))
        return here.union(keys, *map(patterns, value.values()))
    return set().union(*map(patterns, value)) if isinstance(value, list) else set()


def test_every_pattern_is_said_in_words() -> None:
    used = set().union(*(patterns(json.loads(schema(kind))) for kind in KINDS))
    assert used == set(PATTERNS)


def test_region_data_is_current() -> None:
    committed = (ROOT / "corral/spec/regions.json").read_text()
    assert committed == regions.generate(), "python -m corral.spec.regions writes it anew"


def test_regions() -> None:
    assert regions.missing_services("us-east-1") == []
    assert regions.has_registry("us-east-1")
    assert not regions.has_registry("eu-central-1")
    assert regions.missing_services("eu-central-1") == []
    assert "AgentCore harnesses" in regions.missing_services("ap-southeast-5")
    assert len(regions.missing_services("af-south-1")) == len(regions.REQUIRED)
