"""What a deployed stack tells: its outputs and its state, as the Pulumi CLI has them."""

import json
from pathlib import Path
from typing import Any

from pulumi.automation import CommandError

from corral.deployment.pulumi_cli import PulumiCli


class OutputsError(Exception):
    """A stack's outputs cannot be had. The text says why."""


def stack_outputs(cli: PulumiCli, folder: Path, stack: str) -> dict[str, Any]:
    """Return a stack's outputs, secrets hidden. `folder` holds the Pulumi.yaml. Raises OutputsError."""
    return _told(cli, folder, stack, "the outputs", "output", "--json")


def stack_state(cli: PulumiCli, folder: Path, stack: str) -> dict[str, Any]:
    """Return a stack's state, secrets encrypted. Raises OutputsError."""
    return _told(cli, folder, stack, "the state", "export")


def _told(cli: PulumiCli, folder: Path, stack: str, what: str, *words: str) -> dict[str, Any]:
    said: list[str] = []
    try:
        done = cli.run(["stack", *words, "--stack", stack], str(folder), {}, None, said.append)
    except CommandError as error:
        why = "\n".join(line for line in said if line.strip()).removeprefix("error:").strip()
        raise OutputsError(
            f"Pulumi does not tell {what} of the stack {stack}: {why or str(error).splitlines()[0]}"
        ) from error
    return dict(json.loads(done.stdout))
