"""An agent with a canary: its second endpoint, what each serves, who is told, and that others have none of it."""

import json
from pathlib import Path
from typing import Any

import pytest

from corral.spec.load import load_environment
from tests.components import recorder
from tests.components.conftest import PLATFORM
from tests.components.recorder import Program, Recorded, project, record, replaced
from tests.components.test_holds import hold

pytestmark = pytest.mark.xdist_group("components")

ENDPOINT, ITEM = "aws-native:bedrockagentcore:HarnessEndpoint", "aws:dynamodb/tableItem:TableItem"
EVALUATION = "aws-native:bedrockagentcore:OnlineEvaluationConfig"
AGENT = "support/helpdesk"


@pytest.fixture(scope="module")
def stacks_with(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program, in which support/helpdesk has a canary."""
    stacks = project(tmp_path_factory.mktemp("canary"))
    line = "  - name: helpdesk\n"
    replaced(stacks / "dev/teams/support.yaml", line, f"{line}    canary: {{share: 25, hours: 6}}\n")
    return stacks


@pytest.fixture(scope="module")
def platform(stacks_with: Path) -> Program:
    return record("dev", {}, stacks_with)


@pytest.fixture(scope="module")
def support(stacks_with: Path, platform: Program) -> Program:
    made = record("dev.support", {PLATFORM: platform.outputs}, stacks_with)
    assert not made.errors
    return made


def one(program: Program, kind: str, name: str) -> Recorded:
    [found] = [each for each in program.of(kind) if each.name == name]
    return found


def served(program: Program) -> tuple[str, str]:
    live, canary = (
        str(one(program, ENDPOINT, f"dev-support-helpdesk-{name}").inputs["targetVersion"])
        for name in ("live", "canary")
    )
    return live, canary


def first(program: Program) -> Recorded:
    [found] = [each for each in program.of(ITEM) if each.name.startswith("dev-support-helpdesk-first-")]
    return found


def deployed(
    stacks_with: Path, platform: Program, monkeypatch: pytest.MonkeyPatch, **entries: dict[str, Any]
) -> tuple[str, str]:
    for name, entry in entries.items():
        monkeypatch.setitem(recorder.HELD, {"hold": AGENT, "tried": f"canary:{AGENT}"}[name], entry)
    made = record("dev.support", {PLATFORM: platform.outputs}, stacks_with)
    assert not made.errors
    return served(made)


def tried(version: str, refused: str, arn: str) -> dict[str, Any]:
    entry = hold(version, arn)
    entry["M"]["refused"] = {"S": refused}
    return entry


def test_the_first_version_is_served_by_both(support: Program) -> None:
    live, canary = served(support)
    assert live == canary == json.loads(first(support).inputs["item"])["version"]["S"]


def test_what_was_first_is_told_once(support: Program) -> None:
    item = json.loads(first(support).inputs["item"])
    assert item["agent"]["S"] == support.outputs["agents"]["helpdesk"]["harness_arn"]
    assert item["item"]["S"].startswith("first-"), "of its own, beside the agent's config"
    assert first(support).ignored == ["item"], "what a later deployment would write instead"


def test_live_stays_at_what_was_kept_and_a_refused_version_is_not_put_out_again(
    support: Program, stacks_with: Path, platform: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    newest = served(support)[0]
    arn = support.outputs["agents"]["helpdesk"]["harness_arn"]
    kept = str(int(newest) + 3)  # what was newest when it was kept; it is not now, of harnesses made by tests
    assert deployed(stacks_with, platform, monkeypatch, tried=tried(kept, "", arn)) == (kept, newest)
    assert deployed(stacks_with, platform, monkeypatch, tried=tried(kept, newest, arn)) == (kept, kept)
    gone = "arn:aws:bedrock-agentcore:::harness/gone"
    assert deployed(stacks_with, platform, monkeypatch, tried=tried(kept, newest, gone)) == (newest, newest)
    assert deployed(stacks_with, platform, monkeypatch, tried=tried("0", "", arn)) == (newest, newest), (
        "with another model than what was kept: that has lost its own"
    )


def test_a_hold_wins(
    support: Program, stacks_with: Path, platform: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    arn = support.outputs["agents"]["helpdesk"]["harness_arn"]
    entries = {"hold": hold("7", arn), "tried": tried("9", "8", arn)}
    assert deployed(stacks_with, platform, monkeypatch, **entries) == ("7", "7")


def test_supervisor_and_monitor_are_told(support: Program) -> None:
    item = json.loads(one(support, ITEM, "dev-support-helpdesk-config").inputs["item"])
    assert json.loads(item["canary"]["S"]) == {
        "share": 25,
        "hours": 6,
        "at_least": 50,
        "service": "harness_dev_support_helpdesk.canary",
    }


def test_the_front_door_knows_the_share_and_may_use_both_endpoints(support: Program) -> None:
    [door] = [
        each for each in support.of("aws:lambda/function:Function") if "front-door" in each.inputs["name"]
    ]
    agents = json.loads(door.inputs["environment"]["variables"]["AGENTS"])
    assert agents["helpdesk"]["canary"] == 25
    assert "canary" not in agents["onboarding"]
    [policy] = [
        each
        for each in support.of("aws:iam/rolePolicy:RolePolicy")
        if each.inputs["role"] == door.inputs["role"].rpartition("/")[2]
    ]
    [own] = [s for s in json.loads(policy.inputs["policy"])["Statement"] if s["Sid"] == "OwnAgents"]
    ends = [arn.rpartition("/")[2] for arn in own["Resource"] if "harness-endpoint" in arn]
    assert sorted(ends) == ["canary", "live", "live"]


def test_its_sessions_are_evaluated_by_themselves(support: Program) -> None:
    whole = one(support, EVALUATION, "dev-support-watch-evaluation-helpdesk").inputs
    apart = one(support, EVALUATION, "dev-support-watch-evaluation-helpdesk-canary").inputs

    def services(config: dict[str, Any]) -> Any:
        return config["dataSourceConfig"]["cloudWatchLogs"]["serviceNames"]

    assert services(whole) == ["harness_dev_support_helpdesk.DEFAULT"]
    assert services(apart) == ["harness_dev_support_helpdesk.canary"]
    assert apart["rule"]["samplingConfig"] == {"samplingPercentage": 100}
    assert apart["evaluators"] == whole["evaluators"]
    assert apart["onlineEvaluationConfigName"] == "dev_support_helpdesk_canary"


def test_the_monitor_may_have_it_decided(platform: Program, programs: dict[str, Program]) -> None:
    def may(program: Program) -> list[str]:
        [policy] = [
            each
            for each in program.of("aws:iam/rolePolicy:RolePolicy")
            if each.inputs["role"] == "corral-dev-drift-monitor"
        ]
        statements = json.loads(policy.inputs["policy"])["Statement"]
        return [r for s in statements if s["Sid"] == "Canaries" for r in s["Resource"]]

    [alias] = may(platform)
    assert alias.endswith(":function:corral-dev-override:live")
    assert may(programs["dev"]) == [], "nobody has a canary there"


def test_without_one_nothing_is_there_for_it(support: Program, programs: dict[str, Program]) -> None:
    plain = {each.urn for each in programs["dev.support"].resources}
    more = {each.name for each in support.resources if each.urn not in plain}
    assert more == {
        first(support).name,
        "dev-support-helpdesk-canary",
        "dev-support-watch-evaluation-helpdesk-canary",
    }


def test_it_is_within_twenty_resources(support: Program) -> None:
    of_agent = [each for each in support.resources if each.custom and "-helpdesk" in each.name]
    assert len(of_agent) == 13


@pytest.mark.parametrize(
    "said", ["{share: 0}", "{share: 51}", "{hours: 0}", "{hours: 169}", "{at_least: 19}", "{part: 10}"]
)
def test_what_makes_no_canary_is_refused(tmp_path: Path, said: str) -> None:
    stacks = project(tmp_path)
    line = "  - name: helpdesk\n"
    replaced(stacks / "dev/teams/support.yaml", line, f"{line}    canary: {said}\n")
    with pytest.raises(Exception, match=r"agents\[0\]\.canary"):
        load_environment(stacks / "dev")
