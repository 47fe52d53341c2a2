"""The JSON Schema of each file kind, for editors. `python -m corral.spec.schema` writes them to schemas/."""

import json
from pathlib import Path

from corral.spec.domain import Domain
from corral.spec.gates import Promotion
from corral.spec.model import Document
from corral.spec.platform import Platform
from corral.spec.scenario import Scenarios
from corral.spec.team import Team
from corral.spec.template import Template
from corral.spec.tool import Tool

KINDS: dict[str, type[Document]] = {
    "platform": Platform,
    "team": Team,
    "tool": Tool,
    "domain": Domain,
    "template": Template,
    "promotion": Promotion,
    "scenarios": Scenarios,
}


def schema(kind: str) -> str:
    """The schema of one kind of file, as text."""
    document = {"$schema": "https://json-schema.org/draft/2020-12/schema", **KINDS[kind].model_json_schema()}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    folder = Path(__file__).parents[2] / "schemas"
    folder.mkdir(exist_ok=True)
    for name in KINDS:
        (folder / f"{name}.schema.json").write_text(schema(name), encoding="utf-8")
