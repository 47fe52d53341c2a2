"""Pulumi.yaml and Pulumi.<stack>.yaml, as far as an offline run needs them."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from corral.local.engine.model import EngineError


@dataclass(frozen=True)
class Project:
    """A Pulumi project: its name, its program, and the folders it runs in and has its stacks' config in."""

    name: str
    root: Path
    program: Path
    working_folder: Path
    config_folder: Path


def read_project(root: Path) -> Project:
    """Read Pulumi.yaml. As with the CLI, a program runs in its own folder. EngineError if unusable."""
    root = root.resolve()
    file = root / "Pulumi.yaml"
    content = _mapping(file)
    if "name" not in content:
        raise EngineError(f"{file}: has no name")
    program = (root / str(content.get("main", "."))).resolve()
    if not program.exists():
        raise EngineError(f"{file}: main is {content.get('main')!r}, and there is no {program}")
    folder = program if program.is_dir() else program.parent
    if program.is_dir() and not (program / "__main__.py").is_file():
        raise EngineError(f"{file}: {program} has no __main__.py")
    config_folder = root / str(content.get("stackConfigDir", "."))
    return Project(str(content["name"]), root, program, folder, config_folder)


def read_config(project: Project, stack: str) -> dict[str, str]:
    """Read a stack's configuration, as the SDK is given it: {} when there is none, objects as JSON.

    Raises EngineError for an encrypted value, which cannot be read offline.
    """
    file = project.config_folder / f"Pulumi.{stack}.yaml"
    if not file.is_file():
        return {}
    config = {}
    for key, value in (_mapping(file).get("config") or {}).items():
        if isinstance(value, dict) and "secure" in value:
            raise EngineError(f"{file}: {key} is encrypted and cannot be read offline")
        config[key if ":" in key else f"{project.name}:{key}"] = _as_text(value)
    return config


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _mapping(file: Path) -> dict[str, Any]:
    if not file.is_file():
        raise EngineError(f"there is no {file}")
    try:
        content = YAML(typ="safe").load(file)
    except YAMLError as error:
        raise EngineError(f"{file}: {error}") from error
    if not isinstance(content, dict):
        raise EngineError(f"{file}: is not a mapping")
    return content
