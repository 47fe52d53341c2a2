"""The project that Pulumi's own engine works on against a local AWS: nothing in it leads to a real account."""

import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from corral.local import pulumi_project
from corral.local.session import Endpoint, LocalAwsError

ENDPOINT = "http://127.0.0.1:4566"
AT = Endpoint(ENDPOINT, "us-east-1", "111122223333", "AKIALOCAL", "hu sh'$(x)")


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "PULUMI_BACKEND_URL"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "a project"
    (folder / "stacks").mkdir(parents=True)
    (folder / "stacks/__main__.py").touch()
    (folder / "Pulumi.yaml").write_text(
        "name: corral\nruntime: python\nmain: stacks/\nstackConfigDir: stacks\n"
    )
    return folder


def test_its_providers_know_the_local_account_alone(root: Path) -> None:
    folder = pulumi_project.write(root, AT)
    assert folder == root / ".corral/pulumi"
    content = json.loads((folder / "Pulumi.yaml").read_text())
    config = {key: entry["value"] for key, entry in content["config"].items()}
    for provider in ("aws", "aws-native"):
        assert config[f"{provider}:region"] == "us-east-1"
        assert config[f"{provider}:allowedAccountIds"] == ["111122223333"]
    assert set(config["aws-native:endpoints"].values()) == {ENDPOINT}
    assert {"cloudcontrol", "sts"} < set(config["aws-native:endpoints"])


def test_it_is_the_same_program_with_a_state_of_its_own(root: Path) -> None:
    folder = pulumi_project.write(root, AT)
    content = json.loads((folder / "Pulumi.yaml").read_text())
    assert content["name"] == "corral"
    assert content["main"] == str(root / "stacks")
    assert content["runtime"]["options"]["virtualenv"] == sys.prefix
    assert content["backend"] == {"url": f"file://{folder}/state"}
    assert "stackConfigDir" not in content
    assert "hu sh" not in (folder / "Pulumi.yaml").read_text()


def test_each_start_empties_it(root: Path) -> None:
    folder = pulumi_project.write(root, AT)
    (folder / "state/old.json").touch()
    (folder / "Pulumi.dev.yaml").touch()
    assert pulumi_project.write(root, AT) == folder
    assert sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*")) == [
        "Pulumi.yaml",
        "state",
    ]


def test_lines_for_a_shell_hold_any_value(root: Path) -> None:
    settings = pulumi_project.variables(pulumi_project.write(root, AT), AT, 41279)
    lines = pulumi_project.shell_lines(settings)
    assert [line.split()[0] for line in lines] == ["export", "export"]
    said = subprocess.run(
        ["sh", "-c", "; ".join((*lines, "env"))], capture_output=True, text=True, check=True, env={}
    ).stdout.splitlines()
    for name, value in {**settings["aws"], **settings["pulumi"]}.items():
        assert f"{name}={value}" in said
    assert "AWS_SECRET_ACCESS_KEY=hu sh'$(x)" in said


def test_the_state_is_the_projects_own_whatever_the_shell_has(
    root: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """PULUMI_BACKEND_URL precedes the project's backend: the local account would end up in a real state."""
    monkeypatch.setenv("PULUMI_BACKEND_URL", "s3://everybodys-state")
    folder = pulumi_project.write(root, AT)
    own = f"file://{folder}/state"
    assert pulumi_project.variables(folder, AT, 1)["pulumi"]["PULUMI_BACKEND_URL"] == own
    fake = tmp_path / "bin/pulumi"
    fake.parent.mkdir()
    fake.write_text('#!/bin/sh\nprintf \'{"backend": "%s", "words": "%s"}\' "$PULUMI_BACKEND_URL" "$*"\n')
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{fake.parent}:/bin:/usr/bin")
    outputs = pulumi_project.outputs(root, "dev.support")
    assert outputs["backend"] == own
    assert shlex.split(outputs["words"])[-2:] == ["--stack", "dev.support"]
    fake.write_text("#!/bin/sh\necho \"error: no stack named 'dev.support' found\" >&2\nexit 6\n")
    assert pulumi_project.outputs(root, "dev.support") == {}
    fake.write_text("#!/bin/sh\necho 'error: incorrect passphrase' >&2\nexit 255\n")
    with pytest.raises(LocalAwsError, match=r"outputs of dev\.support: error: incorrect passphrase"):
        pulumi_project.outputs(root, "dev.support")


def test_outputs_without_a_pulumi(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(LocalAwsError, match="no pulumi on PATH"):
        pulumi_project.outputs(root, "dev")


@pytest.mark.parametrize(
    ("present", "line"),
    [
        ((), None),
        (("AWS_PROFILE",), "unset AWS_PROFILE"),
        (("AWS_SESSION_TOKEN",), "unset AWS_SESSION_TOKEN"),
        (("AWS_PROFILE", "AWS_SESSION_TOKEN"), "unset AWS_PROFILE AWS_SESSION_TOKEN"),
    ],
)
def test_what_is_in_the_way_is_unset_first(
    root: Path, monkeypatch: pytest.MonkeyPatch, present: tuple[str, ...], line: str | None
) -> None:
    for name in present:
        monkeypatch.setenv(name, "x")
    lines = pulumi_project.shell_lines({"aws": {"AWS_REGION": "us-east-1"}}, pulumi_project.in_the_way())
    assert lines == [*([line] if line else []), "export AWS_REGION=us-east-1"]
