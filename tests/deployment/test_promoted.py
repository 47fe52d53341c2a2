"""Deployments rest on promotions that the platform has made: one written into a file by hand is deployed by nobody."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws
from ruamel.yaml import YAML

from corral.deployment.promoted import check_promotions
from corral.deployment.rights import RightsError
from corral.spec.gates import digest_of
from corral.spec.load import Environment, load_environment

AGENT = "support/helpdesk"


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The platform's table of versions, in an account where nothing else is."""
    for name, value in (("AWS_ACCESS_KEY_ID", "testing"), ("AWS_SECRET_ACCESS_KEY", "testing")):
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        table = boto3.resource("dynamodb", region_name="us-east-1").create_table(
            TableName="corral-dev-versions",
            KeySchema=[{"AttributeName": "of", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "of", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        yield table


def keep(kept: Any, environment: Environment, **other: str) -> None:
    file = environment.promotions[AGENT]
    made = {"stage": file.stage, "digest": file.digest, "at": file.at, "by": file.by}
    kept.put_item(Item={"of": "promoted", AGENT: {**made, **other}})


@pytest.mark.control("stage-gates")
def test_what_the_platform_promoted_is_deployed(environment: Environment, kept: Any) -> None:
    keep(kept, environment)
    check_promotions(environment, ["support"])


@pytest.mark.control("stage-gates")
def test_what_it_did_not_is_refused_and_told_what_to_do(environment: Environment, kept: Any) -> None:
    with pytest.raises(RightsError) as refused:
        check_promotions(environment, ["sales", "support"])
    assert str(refused.value) == (
        "support/helpdesk is at pilot by support.helpdesk.pilot.yaml, and the platform has no promotion of it. Write "
        "stage: experiment, and remove that file; then corral promote dev support/helpdesk."
    )
    check_promotions(environment, ["sales"])


@pytest.mark.control("stage-gates")
def test_a_promotion_that_was_made_up_is_refused(project: Path, environment: Environment, kept: Any) -> None:
    """Its digest fits its words, so that `validate` has nothing to say."""
    keep(kept, environment)
    path = project / "stacks/dev/promotions/support.helpdesk.pilot.yaml"
    yaml = YAML()
    said = yaml.load(path)
    said["figures"][0]["value"] = "0.0% of 4000 calls"
    said["digest"] = digest_of(said)
    yaml.dump(said, path)
    forged = load_environment(project / "stacks/dev")
    with pytest.raises(RightsError, match="keeps another one, to pilot by arn:aws:sts::111122223333"):
        check_promotions(forged, ["support"])


@pytest.mark.control("stage-gates", "fail-closed")
def test_when_they_cannot_be_read_nothing_is_deployed(
    environment: Environment, kept: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept.delete()
    with pytest.raises(RightsError, match="the platform has no promotion of it"):
        check_promotions(environment, ["support"])
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(RightsError, match=r"cannot be read .*: sign in"):
        check_promotions(environment, ["support"])


def test_experiments_ask_for_nothing(project: Path) -> None:
    team = project / "stacks/dev/teams/support.yaml"
    team.write_text(team.read_text().replace("stage: pilot", "stage: experiment"))

    def unreadable(_: Environment) -> Any:
        raise AssertionError("nothing is to be read")

    check_promotions(load_environment(project / "stacks/dev"), ["support", "sales"], unreadable)
