"""The report of a served platform, by its command: whole, and never in the place of another file."""

import hashlib
import json
from pathlib import Path
from typing import Any

from tests.audit.test_report import Read
from tests.served.conftest import run


def test_the_report_of_a_served_platform(project: Path, served: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    arguments = ("audit", "report", "dev", "--local", "--since", "1d", "--out", str(path), "--json")
    done = run(project, *arguments)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    content = path.read_bytes()
    assert (found["bytes"], found["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
    assert found["not_asked"] == {}
    assert found["agents"] == 8
    assert found["controls"]["not known"] == 0
    assert found["decisions"]["allowed"] > 0
    assert found["access"]["granted"] > 100
    text = Read(content.decode()).text
    for each in (
        "This is a local AWS",
        "corral-dev-agent-support-helpdesk",
        "role/support-lead",
        "GOVERNANCE",
    ):
        assert each in text
    assert text.count("Not known:") == 0
    again = run(project, *arguments)
    assert (again.returncode, "a report is never replaced" in again.stderr) == (1, True)
    assert path.read_bytes() == content
    assert [each.name for each in tmp_path.iterdir()] == ["report.html"]
