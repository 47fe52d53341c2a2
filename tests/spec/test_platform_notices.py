"""What a platform file says that is no mistake and should be known: a weaker lock, alerts that a region lacks."""

from pathlib import Path

import pytest

from corral.spec.load import Environment, load_environment

LOCK = "lock_mode: GOVERNANCE"
PLATFORM = "stacks/dev/platform.yaml"


def load(project: Path, *changes: tuple[str, str]) -> Environment:
    path = project / PLATFORM
    text = path.read_text(encoding="utf-8")
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")
    return load_environment(project / "stacks/dev")


def notices(environment: Environment, code: str) -> list[tuple[str, str]]:
    """The line that each notice of a kind is about, and its text."""
    lines = (environment.root / PLATFORM).read_text(encoding="utf-8").splitlines()
    found = [n for n in environment.notices if n.code == code]
    assert {n.path for n in found} <= {PLATFORM}
    return [(lines[(n.line or 0) - 1].strip(), n.text) for n in found]


@pytest.mark.control("audit-immutability")
@pytest.mark.parametrize(
    ("production", "said", "mode"),
    [
        (True, None, "COMPLIANCE"),
        (True, "COMPLIANCE", "COMPLIANCE"),
        (True, "GOVERNANCE", "GOVERNANCE"),
        (False, None, "GOVERNANCE"),
        (False, "GOVERNANCE", "GOVERNANCE"),
    ],
)
def test_how_records_are_locked_and_when_that_is_told(
    project: Path, production: bool, said: str | None, mode: str
) -> None:
    stage = ("region: us-east-1\n", f"region: us-east-1\nproduction: {str(production).lower()}\n")
    lock = (f"  {LOCK}\n", f"  lock_mode: {said}\n" if said else "")
    environment = load(project, stage, lock)
    assert environment.platform.lock_mode == mode
    told = notices(environment, "weak-lock")
    if production and mode == "GOVERNANCE":
        assert told == [
            (
                LOCK,
                "production's records are locked in GOVERNANCE mode: who is given s3:BypassGovernanceRetention can "
                "delete them. Without audit.lock_mode, production has COMPLIANCE.",
            )
        ]
    else:
        assert told == []


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1", "us-west-2"])
def test_where_alerts_do_not_see_what_iam_does(project: Path, region: str) -> None:
    said = f"region: {region}"
    told = notices(load(project, ("region: us-east-1", said)), "no-iam-alerts")
    if region == "us-east-1":
        assert told == []
    else:
        assert told == [
            (
                said,
                "no alerts tell of changes of roles and boundaries: AWS hands on IAM's calls in us-east-1 alone, "
                f"and this is {region}. The trail has them.",
            )
        ]
