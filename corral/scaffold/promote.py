"""The files that a promotion changes."""

import io
from collections.abc import Mapping
from typing import Any

from ruamel.yaml import YAML

from corral.scaffold import yaml_text
from corral.scaffold.agent import team_file
from corral.scaffold.files import Change, edited, read
from corral.scaffold.retire import index_of
from corral.spec.gates import file_name
from corral.spec.load import Environment
from corral.spec.model import API_VERSION
from corral.spec.resolved import ResolvedAgent

PROMOTIONS = "promotions"


def promoted(environment: Environment, agent: ResolvedAgent, promotion: Mapping[str, Any]) -> list[Change]:
    """The promotion's file, and the team's with the new stage. Raises CannotWriteError, CannotEditError."""
    path = team_file(environment, agent.team)
    before, text = read(path, environment.root)
    stage = str(promotion["stage"])
    text = yaml_text.put(text, ("agents", index_of(environment, agent), "stage"), stage)
    stream = io.StringIO()
    writer = YAML()
    writer.width = 4096
    writer.dump({"apiVersion": API_VERSION, **promotion}, stream)
    file = environment.folder / PROMOTIONS / file_name(str(promotion["agent"]), stage)
    there = file.read_bytes() if file.is_file() else None
    return [Change(file, there, stream.getvalue().encode()), edited(path, before, text)]
