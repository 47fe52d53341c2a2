"""corral up and destroy held to platform.yaml's decision rights, with a `pulumi` that plays recordings."""

from pathlib import Path
from typing import Any

import pytest

from corral.deployment import caller
from tests.cli.test_deploy_command import corral, project, pulumi  # noqa: F401 fixtures
from tests.deployment.fake_pulumi import FakePulumi

ME = "arn:aws:sts::111122223333:assumed-role/platform/me"
RULES = """
deploy:
  rights: [{principals: ["arn:aws:iam::111122223333:role/platform"]}]
  freezes: [{start: 2020-01-01, until: 2999-12-31, reason: The long freeze.}]
  override: ["arn:aws:iam::111122223333:role/platform"]
"""


@pytest.fixture(autouse=True)
def rules(project: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:  # noqa: F811
    platform = project / "stacks/dev/platform.yaml"
    platform.write_text(platform.read_text() + RULES)
    known = {"arn": ME}
    monkeypatch.setattr(caller, "caller_arn", lambda region: known["arn"])  # AWS, at the process boundary
    return known


@pytest.mark.parametrize("command", ["up", "destroy"])
def test_a_freeze_stops_it_before_pulumi_is_begun(pulumi: FakePulumi, command: str) -> None:  # noqa: F811
    result = corral(command, "dev", "--yes", pulumi=pulumi)
    assert result.exit_code == 1
    assert "until 2999-12-31, that day included (UTC): The long freeze." in result.stderr
    assert (
        "With --override-freeze REASON may deploy: arn:aws:iam::111122223333:role/platform." in result.stderr
    )
    assert not pulumi.notes("begin")


@pytest.mark.parametrize("command", ["up", "destroy"])
def test_an_override_is_told_and_goes_into_the_history(pulumi: FakePulumi, command: str) -> None:  # noqa: F811
    result = corral(command, "dev", "--yes", "--override-freeze", "Prices are wrong.", pulumi=pulumi)
    assert result.exit_code == 0
    record = (
        f"override by {ME}: Prices are wrong. (platform, sales, support may not be deployed from 2020-01-01"
    )
    assert record in result.stderr
    said = [entry["arguments"] for entry in pulumi.notes("begin") if entry["arguments"][0] == command]
    assert len(said) == 3
    assert all(words[words.index("--message") + 1].startswith(record) for words in said)


def test_who_has_no_right_is_refused(pulumi: FakePulumi, rules: dict[str, Any]) -> None:  # noqa: F811
    rules["arn"] = "arn:aws:sts::111122223333:assumed-role/support/me"
    result = corral("up", "dev", "--yes", "--override-freeze", "Please.", pulumi=pulumi)
    assert result.exit_code == 1
    assert f"{rules['arn']} may not deploy the platform dev" in result.stderr
    assert not pulumi.notes("begin")


def test_a_preview_is_never_refused(pulumi: FakePulumi, rules: dict[str, Any]) -> None:  # noqa: F811
    rules["arn"] = "arn:aws:sts::111122223333:assumed-role/support/me"
    assert corral("up", "dev", "--preview", pulumi=pulumi).exit_code == 0


def test_an_override_without_a_reason_is_none(pulumi: FakePulumi) -> None:  # noqa: F811
    result = corral("up", "dev", "--yes", "--override-freeze", " ", pulumi=pulumi)
    assert result.exit_code == 2
    assert "--override-freeze wants a reason" in result.stderr
