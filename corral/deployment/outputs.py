"""What a deployed stack tells: its outputs, as the Pulumi CLI has them."""

import json
from pathlib import Path
from typing import Any

from pulumi.automation import CommandError

from corral.deployment.pulumi_cli import PulumiCli


class OutputsError(Exception):
    """A stack's outputs cannot be had. The text says why."""


def stack_outputs(cli: PulumiCli, folder: Path, stack: str) -> dict[str, Any]:
    """Return a stack's outputs, secrets hidden. `folder` holds the Pulumi.yaml. Raises OutputsError."""
    said: list[str] = []
    try:
        done = cli.run(["stack", "output", "--json", "--stack", stack], str(folder), {}, None, said.append)
    except CommandError as error:
        why = "\n".join(line for line in said if line.strip()).removeprefix("error:").strip()
        raise OutputsError(
            f"Pulumi does not tell the outputs of the stack {stack}: {why or str(error).splitlines()[0]}"
        ) from error
    return dict(json.loads(done.stdout))
