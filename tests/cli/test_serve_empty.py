"""corral up --local --serve --empty: what it prints is what a shell needs, and its end is orderly."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.deployment.fake_pulumi import FakePulumi

ROOT = Path(__file__).parents[2]


def test_the_lines_it_prints_lead_to_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pulumi = FakePulumi(tmp_path / "pulumi")
    pulumi.install(monkeypatch)
    project = Path(shutil.copytree(ROOT / "tests/fixtures/good", tmp_path / "project"))
    shutil.copy(ROOT / "stacks/__main__.py", project / "stacks")
    left_behind = project / ".corral/pulumi/state/old.json"
    left_behind.parent.mkdir(parents=True)
    left_behind.touch()
    process = subprocess.Popen(
        [sys.executable, "-m", "corral", "up", "dev", "--local", "--serve", "--empty"],
        cwd=project,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "AWS_PROFILE": "mine", "PYTHONUNBUFFERED": "1"},
    )
    assert process.stdout is not None
    said = []
    try:
        for line in process.stdout:
            said.append(line.rstrip("\n"))
            if "Ctrl-C stops it all" in line:
                break
        else:
            pytest.fail(process.communicate()[1])
        commands = [line.strip() for line in said if line.startswith("  ")]
        assert [line.split()[0] for line in commands] == ["unset", "export", "export", "pulumi", "pulumi"]
        assert commands[-2:] == [
            "pulumi stack init dev && pulumi up -s dev",
            "pulumi stack init dev.sales && pulumi up -s dev.sales",
        ]
        assert not left_behind.exists()
        script = "; ".join((*commands[:3], 'echo "$AWS_PROFILE"', 'echo "$AWS_ENDPOINT_URL"'))
        shell = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
        endpoint = shell.stdout.splitlines()[1]
        assert shell.stdout.splitlines()[0] == ""
        assert said[0] == f"An empty account is up at {endpoint}. In another terminal:"
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    assert process.returncode == 0
    assert not (project / ".corral/dev.json").exists()
