"""What is deployed on a served local AWS, kept beside the session's state: every resource with its inputs."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from corral.local.engine import StackResult
from corral.local.session import STATE_FOLDER


def keep_resources(root: Path, environment: str, process_id: int, results: Mapping[str, StackResult]) -> None:
    """Write down each stack's resources, as the engine has them: values of secrets are masked already."""
    resources = [
        {"stack": stack, "type": each.type, "name": each.name, "inputs": each.inputs}
        for stack, result in results.items()
        for each in result.resources
    ]
    path = _file(root, environment)
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text(json.dumps({"process_id": process_id, "resources": resources}, default=str))


def kept_resources(root: Path, environment: str, process_id: int) -> list[Mapping[str, Any]] | None:
    """Return what a process kept: stack, type, name and inputs of each. None when it kept nothing."""
    try:
        said = json.loads(_file(root, environment).read_text())
        return list(said["resources"]) if said["process_id"] == process_id else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def forget_resources(root: Path, environment: str, process_id: int) -> None:
    """Remove what a process kept; another one's is left alone."""
    if kept_resources(root, environment, process_id) is not None:
        _file(root, environment).unlink(missing_ok=True)


def _file(root: Path, environment: str) -> Path:
    return root / STATE_FOLDER / f"{environment}-deployed.json"
