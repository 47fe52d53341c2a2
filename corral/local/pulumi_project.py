"""A Pulumi project for the real engine on the local AWS: the same program, with settings and a state of its own.

Stack files in the project's own folder belong to a real account: they name its secrets provider, and Pulumi
writes into them. This one lies beside them, and its providers know no endpoint but the local one.
"""

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from corral.local.engine.project import read_project
from corral.local.session import STATE_FOLDER, Endpoint, LocalAwsError

_FOLDER = "pulumi"
_PASSPHRASE = "local"  # noqa: S105 encrypts a state that holds local credentials and lasts as long as they
# The services the aws-native provider calls.
_SERVICES = ("cloudcontrol", "cloudformation", "ec2", "ssm", "sts")
_IN_THE_WAY = ("AWS_PROFILE", "AWS_SESSION_TOKEN")


def folder_of(root: Path) -> Path:
    """Where a project has it."""
    return root / STATE_FOLDER / _FOLDER


def write(root: Path, at: Endpoint) -> Path:
    """Write it anew, without any stack: a state is worth nothing once the account it describes is gone."""
    project, folder = read_project(root), folder_of(root)
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "state").mkdir(parents=True)
    account: dict[str, object] = {"region": at.region, "allowedAccountIds": [at.account]}
    native = {"endpoints": dict.fromkeys(_SERVICES, at.endpoint)}
    settings = {f"aws:{key}": value for key, value in account.items()}
    settings |= {f"aws-native:{key}": value for key, value in (account | native).items()}
    content = {
        "name": project.name,
        "runtime": {"name": "python", "options": {"toolchain": "pip", "virtualenv": sys.prefix}},
        "main": str(project.program),
        "backend": {"url": _backend(folder)},
        "config": {key: {"value": value} for key, value in settings.items()},
    }
    (folder / "Pulumi.yaml").write_text(json.dumps(content, indent=1) + "\n")  # JSON is YAML
    return folder


def variables(folder: Path, at: Endpoint, provider_port: int) -> dict[str, dict[str, str]]:
    """What a shell needs to work on it: the settings of AWS clients, and of Pulumi."""
    return {
        "aws": {
            "AWS_ENDPOINT_URL": at.endpoint,
            "AWS_ACCESS_KEY_ID": at.access_key_id,
            "AWS_SECRET_ACCESS_KEY": at.secret_access_key,
            "AWS_REGION": at.region,
        },
        "pulumi": {
            "PULUMI_OPTION_CWD": str(folder.resolve()),
            "PULUMI_BACKEND_URL": _backend(folder),  # one that is set would precede the project's
            "PULUMI_CONFIG_PASSPHRASE": _PASSPHRASE,
            "PULUMI_DEBUG_PROVIDERS": f"aws:{provider_port}",
        },
    }


def outputs(root: Path, stack: str) -> dict[str, Any]:
    """Return a stack's outputs, {} when it is not there. Raises LocalAwsError without a Pulumi CLI."""
    return _told(root, stack, "the outputs", "output", "--json")


def exported(root: Path, stack: str) -> dict[str, Any]:
    """Return a stack's state, {} when it is not there; secrets stay encrypted. Raises LocalAwsError likewise."""
    return _told(root, stack, "the state", "export")


def _told(root: Path, stack: str, what: str, *words: str) -> dict[str, Any]:
    folder = folder_of(root)
    command = ["pulumi", "--cwd", str(folder), "stack", *words, "--stack", stack]
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            env={
                **os.environ,
                "PULUMI_BACKEND_URL": _backend(folder),
                "PULUMI_CONFIG_PASSPHRASE": _PASSPHRASE,
            },
        )
    except FileNotFoundError:
        raise LocalAwsError(
            "what is deployed there is known to Pulumi, and there is no pulumi on PATH"
        ) from None
    if done.returncode == 0:
        return dict(json.loads(done.stdout))
    if "no stack named" in done.stderr:
        return {}
    raise LocalAwsError(f"pulumi does not tell {what} of {stack}: {done.stderr.strip()}")


def in_the_way() -> list[str]:
    """Return which settings of this shell would take precedence over ours."""
    return [name for name in _IN_THE_WAY if name in os.environ]


def shell_lines(settings: dict[str, dict[str, str]], unset: Sequence[str] = ()) -> list[str]:
    """Lines for a shell: one an entry, after one that takes away what is in the way."""
    lines = [
        " ".join(("export", *(f"{name}={shlex.quote(value)}" for name, value in entry.items())))
        for entry in settings.values()
    ]
    return [" ".join(("unset", *unset)), *lines] if unset else lines


def _backend(folder: Path) -> str:
    return f"file://{folder.resolve() / 'state'}"
