"""A canary on a served platform of its own: a share of sessions gets a new version, which the monitor keeps or not.

Deployments are made as the engine makes them; what the program then gives each endpoint is tests/components' to prove.
Time is simulated: what was measured is put into CloudWatch, and passes of the monitor are run as of later hours.
"""

import json
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest

from corral.canary import CanaryError, decide, trial
from corral.front_door import Answer, send
from corral.local.journey import scripts
from corral.override import Desk
from corral.rollback import roll_back, standing
from corral.spec.load import load_environment
from corral.spec.scenario import Scenario
from functions.common.session import is_tried, runtime_session_id
from tests.served.attack import Target, Watch
from tests.served.conftest import copied, run, serving
from tests.served.test_drift import HOUR, door, iso

SHARE, AT_LEAST = 30, 60
CANARY = f"    canary: {{share: {SHARE}, hours: 24, at_least: {AT_LEAST}}}\n"
ARGUMENTS = {"order_id": "A-1042", "amount_cents": 100, "reason": "broken"}
TURNS = {
    "name": "pay",
    "title": "t",
    "user": "Pay it back.",
    "model": [{"tool": "refund-issue", "input": ARGUMENTS}, {"say": "Done."}],
    "expect": {},
}
BAD, GOOD = "helpdesk", "onboarding"  # what is tried of them
Served = dict[str, Any]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project, in which two agents have a canary."""
    copy = copied(tmp_path_factory.mktemp("canary"))
    team = copy / "stacks/dev/teams/support.yaml"
    text = team.read_text()
    for line in (f"  - name: {BAD}\n", f"  - name: {GOOD}\n"):
        assert text.count(line) == 1
        text = text.replace(line, line + CANARY)
    team.write_text(text)
    return copy


@pytest.fixture(scope="module")
def served(project: Path) -> Iterator[Served]:
    yield from serving(project)


@pytest.fixture(scope="module")
def outputs(project: Path, served: Served) -> dict[str, dict[str, Any]]:
    return dict(json.loads((project / ".corral" / "dev.json").read_text())["outputs"])


@pytest.fixture(scope="module")
def admin(served: Served) -> boto3.Session:
    keys = served["admin"]
    return boto3.Session(keys["access_key_id"], keys["secret_access_key"], region_name=served["region"])


@pytest.fixture(scope="module", autouse=True)
def _endpoint(served: Served) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", served["endpoint"])
        yield


@pytest.fixture(scope="module")
def target(served: Served, outputs: dict[str, dict[str, Any]], admin: boto3.Session) -> Target:
    return Target(served, outputs, admin)


@pytest.fixture(scope="module")
def told(target: Target) -> Callable[[], list[dict[str, str]]]:
    """What the team hears of canaries; each message once."""
    queue = target.admin.resource("sqs").create_queue(QueueName="on-call-of-support")
    target.admin.client("sns").subscribe(
        TopicArn=target.outputs["support"]["alerts_topic_arn"],
        Protocol="sqs",
        Endpoint=queue.attributes["QueueArn"],
    )

    def received() -> list[dict[str, str]]:
        found = []
        while messages := queue.receive_messages(MaxNumberOfMessages=10):
            for message in messages:
                found.append(json.loads(message.body))
                message.delete()
        return [each for each in found if each.get("Subject", "").startswith("Canary")]

    return received


@pytest.fixture(scope="module")
def talk(target: Target, project: Path) -> Callable[[str], Answer]:
    """Say something to support/helpdesk, in a session of that name, whose model then pays something back."""
    agent = load_environment(project / "stacks/dev").agents["support"][BAD]
    agent = replace(agent, scenarios=(Scenario.model_validate(TURNS),))
    target.session.put_scripts(scripts([agent], target.outputs))
    url, keys = target.outputs["support"]["front_door_url"], target.operator("support", "caller")
    return lambda session: send(url, keys, target.served["region"], BAD, "Pay it back.", session)


@pytest.fixture(scope="module")
def names(target: Target) -> tuple[list[str], list[str]]:
    """Names of sessions: some that the canary takes, and some that it does not."""
    role = target.outputs["support"]["operator_role_arn"].rpartition("/")[2]
    caller = f"arn:aws:sts::{target.served['account']}:assumed-role/{role}/caller"
    tried: list[str] = []
    others: list[str] = []
    for index in range(100):
        taken = is_tried(runtime_session_id(caller, BAD, f"talk-{index}", SHARE))
        (tried if taken else others).append(f"talk-{index}")
    return tried[:3], others[:3]


def desk(target: Target, team: str = "support") -> Desk:
    keys = target.session.credentials_for(target.outputs[team]["operator_role_arn"], "alice")
    return Desk(target.platform["override_url"], keys, target.served["region"])


def deploy(target: Target, agent: str, **changes: Any) -> str:
    """Deploy another version as the engine does where there is a canary: the harness, then the second endpoint."""
    harness = target.agent("support", agent)["harness_id"]
    patch = [{"op": "replace", "path": f"/{name}", "value": value} for name, value in changes.items()]
    target.admin.client("cloudcontrol").update_resource(
        TypeName="AWS::BedrockAgentCore::Harness", Identifier=harness, PatchDocument=json.dumps(patch)
    )
    core = target.admin.client("bedrock-agentcore-control")
    newest = str(core.get_harness(harnessId=harness)["harness"]["harnessVersion"])
    core.update_harness_endpoint(harnessId=harness, endpointName="canary", targetVersion=newest)
    return newest


def endpoints(target: Target, agent: str) -> tuple[str, str]:
    """What `live` and `canary` serve."""
    core = target.admin.client("bedrock-agentcore-control")
    harness = target.agent("support", agent)["harness_id"]
    found = [
        core.get_harness_endpoint(harnessId=harness, endpointName=name)["endpoint"]["liveVersion"]
        for name in ("live", "canary")
    ]
    return str(found[0]), str(found[1])


def measure(target: Target, agent: str, first: int, hours: int, tried: float, served: float = 0.92) -> None:
    """Hours of an agent in use: in each 18 journeys of those served, 8 of those tried; shares of them completed."""
    drawn = random.Random(5)
    own = [
        {"Name": k, "Value": v} for k, v in (("Environment", "dev"), ("Team", "support"), ("Agent", agent))
    ]
    data = []
    for hour in range(hours):
        for more, count, level in (([], 18, served), ([{"Name": "Endpoint", "Value": "canary"}], 8, tried)):
            done = sum(drawn.random() < level for _ in range(count))
            counts = {value: n for value, n in ((1.0, done), (0.0, count - done)) if n}
            data.append(
                {
                    "MetricName": "JourneyCompletion",
                    "Dimensions": own + more,
                    "Timestamp": first + hour * HOUR + 1800,
                    "Values": list(counts),
                    "Counts": [float(n) for n in counts.values()],
                }
            )
    target.admin.client("cloudwatch").put_metric_data(Namespace="Corral", MetricData=data)


def passed(target: Target, at: float) -> None:
    schedule = target.platform["drift_monitor_schedule"]
    asked = {"schedule": schedule, "scheduled_time": iso(int(at))}
    assert door(target.served, "schedules", asked)["answer"]["not_judged"] == 0


def entry(target: Target, agent: str) -> dict[str, str]:
    """What deployments are told of an agent's canary."""
    key = {"of": {"S": "held"}}
    item = target.admin.client("dynamodb").get_item(TableName="corral-dev-versions", Key=key)["Item"]
    return {name: value["S"] for name, value in item[f"canary:support/{agent}"]["M"].items()}


def allowed(answer: Answer) -> bool:
    return [call.decision for call in answer.tool_calls] == ["allowed"]


@pytest.mark.control("rollback")
def test_a_worse_version_gets_its_share_and_goes_back(
    project: Path,
    target: Target,
    talk: Callable[[str], Answer],
    names: tuple[list[str], list[str]],
    told: Callable[[], list[dict[str, str]]],
) -> None:
    tried, others = names
    assert endpoints(target, BAD) == ("1", "1"), "the first version is everybody's"
    assert all(allowed(talk(name)) for name in (*tried, *others))
    tools = target.admin.client("bedrock-agentcore-control").get_harness(
        harnessId=target.agent("support", BAD)["harness_id"]
    )["harness"]["allowedTools"]
    bad = deploy(target, BAD, AllowedTools=[each for each in tools if "refund" not in each])
    assert endpoints(target, BAD) == ("1", bad)
    for _ in range(2):  # a session stays where it began
        assert [allowed(talk(name)) for name in tried] == [False] * len(tried)
        assert [allowed(talk(name)) for name in others] == [True] * len(others)
    first = talk(tried[0])
    assert is_tried(first.session_id)
    assert not allowed(talk(first.session_id)), "by the id it was given as well"
    began = time.time()
    assert measured_apart(target, began)
    shown = run(project, "canary", "show", "dev", f"support/{BAD}", "--local")
    assert f"version {bad} is tried on {SHARE} % of sessions since" in shown.stdout, shown.stderr
    shown = run(project, "rollback", "dev", f"support/{BAD}", "--local")
    assert f"version {bad} is tried on a share of sessions since" in shown.stdout, shown.stderr
    watch = Watch(target)
    start = int(began) - int(began) % HOUR + HOUR
    measure(target, BAD, start, 6, tried=0.2)
    passed(target, start + 6 * HOUR + 900)
    assert endpoints(target, BAD) == ("1", "1"), "before its hours are over"
    [words] = told()
    assert words["Subject"] == f"Canary back: support/{BAD} version {bad}"
    assert "journey completion 0." in words["Message"]
    assert "of the version served" in words["Message"]
    [record] = [r for r in watch.decisions() if r["event"] == "rollback"]
    assert [record[k] for k in ("decision", "from_version", "to_version", "actor")] == [
        *("canary back", bad, "1", "corral-dev-drift-monitor")
    ]
    assert record["reason"] in words["Message"]
    moved = watch.trail("UpdateHarnessEndpoint")
    assert [r["userIdentity"]["arn"].split("/")[1] for r in moved] == ["corral-dev-override"]
    said = entry(target, BAD)
    assert (said["version"], said["refused"], said["arn"]) == (
        *("1", bad),
        target.agent("support", BAD)["harness_arn"],
    )
    assert all(allowed(talk(name)) for name in (*tried, *others)), "the very next message, in each session"
    shown = run(project, "canary", "show", "dev", f"support/{BAD}", "--local")
    assert f"version {bad} has gone back to 1" in shown.stdout
    passed(target, start + 7 * HOUR + 900)
    assert told() == []


def measured_apart(target: Target, now: float) -> bool:
    """Whether CloudWatch has journeys of both kinds of sessions, each under its own dimensions."""
    own = [{"Name": k, "Value": v} for k, v in (("Environment", "dev"), ("Team", "support"), ("Agent", BAD))]
    both = (own, [*own, {"Name": "Endpoint", "Value": "canary"}])
    queries = [
        {
            "Id": f"m{index}",
            "MetricStat": {
                "Metric": {
                    "Namespace": "Corral",
                    "MetricName": "JourneyCompletion",
                    "Dimensions": dimensions,
                },
                "Period": HOUR,
                "Stat": "SampleCount",
            },
        }
        for index, dimensions in enumerate(both)
    ]
    found = target.admin.client("cloudwatch").get_metric_data(
        MetricDataQueries=queries, StartTime=now - 2 * HOUR, EndTime=now + HOUR
    )["MetricDataResults"]
    # Before and after the deployment: 3 + 2 x 3, and 2 more in one of those that are tried.
    counts = [sum(each["Values"]) for each in sorted(found, key=lambda each: each["Id"])]
    return bool(counts[1] == 11 and counts[0] >= 9)


@pytest.mark.control("rollback")
def test_a_version_that_is_as_good_is_kept_once_its_hours_are_over(
    target: Target, told: Callable[[], list[dict[str, str]]]
) -> None:
    new = deploy(target, GOOD, MaxIterations=14)
    watch = Watch(target)
    now = int(time.time())
    start = now - now % HOUR + HOUR
    measure(target, GOOD, start, 24, tried=0.92)
    passed(target, start + 10 * HOUR + 900)
    assert endpoints(target, GOOD) == ("1", new), "80 tasks, and half of its hours"
    passed(target, start + 24 * HOUR + 900)
    assert endpoints(target, GOOD) == (new, new)
    [words] = told()
    assert words["Subject"] == f"Canary kept: support/{GOOD} version {new}"
    assert "No metric is worse" in words["Message"]
    assert "over 192 journeys" in words["Message"]
    [record] = [r for r in watch.decisions() if r["event"] == "rollback"]
    assert [record[k] for k in ("decision", "from_version", "to_version")] == ["canary kept", "1", new]
    said = entry(target, GOOD)
    assert (said["version"], said["refused"]) == (new, "")
    seen = standing(desk(target), f"support/{GOOD}")
    served = {each.number: each.served for each in seen.versions}
    assert served[new][-1][0] == said["at"], "served since it was kept, not since it was made"
    assert (seen.previous, seen.canary) == ("1", None)


@pytest.mark.control("rollback", "team-isolation")
def test_an_operator_decides_at_once_and_a_hold_wins(project: Path, target: Target) -> None:
    agent = f"support/{BAD}"
    new = deploy(target, BAD, MaxIterations=13)
    seen = trial(desk(target), agent)
    with pytest.raises(CanaryError, match="Operators of team sales") as refused:
        decide(desk(target, "sales"), seen, "keep", "malice")
    assert refused.value.status == 403
    newer = deploy(target, BAD, MaxIterations=12)
    with pytest.raises(CanaryError, match=f"tries version {newer}, not {new}: look again"):
        decide(desk(target), seen, "keep", "seen by eye")
    done = run(
        project, *("canary", "keep", "dev", agent, "--local", "--yes", "--reason", "Seen by eye.", "--json")
    )
    assert done.returncode == 0, done.stderr
    assert endpoints(target, BAD) == (newer, newer)
    again = run(project, "canary", "back", "dev", agent, "--local", "--yes", "--reason", "Not so good.")
    assert (again.returncode, f"nothing is tried of {agent}" in again.stderr) == (1, True)
    last = deploy(target, BAD, MaxIterations=11)
    roll_back(desk(target), standing(desk(target), agent), "1", "odd")
    assert endpoints(target, BAD) == ("1", "1"), "of a version that is tried as well"
    held = trial(desk(target), agent)
    assert (held.held, held.candidate) == (True, None)
    with pytest.raises(CanaryError, match=r"is held at version 1 by .*: lift that first"):
        decide(desk(target), replace(held, candidate=last), "keep", "all the same")
    roll_back(desk(target), standing(desk(target), agent), "newest", "mended")
    assert endpoints(target, BAD) == (last, last)
    assert entry(target, BAD)["version"] == last


def test_what_has_no_canary_says_so(project: Path) -> None:
    shown = run(project, "canary", "show", "dev", "sales/account-scout", "--local")
    assert "sales/account-scout: it has no canary; all sessions get version 1" in shown.stdout
    for arguments, code, said in (
        (("keep", "dev", "sales/account-scout", "--reason", "why"), 1, "nothing is tried"),
        (("keep", "dev", "support", "--reason", "why"), 2, "give TEAM/AGENT"),
        (("back", "dev", "support/helpdesk", "--reason", " "), 2, "3 to 300 characters"),
        (("show", "dev", "support/helpdesq"), 1, 'Did you mean "support/helpdesk"'),
    ):
        done = run(project, "canary", *arguments, "--local")
        assert (done.returncode, said in done.stderr) == (code, True), done.stderr
