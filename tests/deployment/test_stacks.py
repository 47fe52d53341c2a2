"""A deployment's order, its limits and how it ends, with a `pulumi` that says what the real one said."""

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from corral.deployment.outcome import Outcome
from corral.deployment.pulumi_cli import PulumiCli
from corral.deployment.stacks import Action, Deployment, DeploymentError
from corral.spec.load import Environment
from tests.deployment.fake_pulumi import FakePulumi, recorded

TEAMS = ("sales", "support")
STACKS = ("dev.sales", "dev.support")
LOCKED = (
    "error: the stack is currently locked by 1 lock(s). Either wait for the other process(es) to end or "
    "delete the lock file with `pulumi cancel`.\n  file:///state/locks/dev.json: created by a@b (pid 1)\n"
)
Told = list[tuple[str, str]]


@dataclass
class Run:
    """A deployment and what it told while it ran."""

    deployment: Deployment
    told: Told

    def __call__(
        self, action: Action, platform: bool = True, teams: tuple[str, ...] = TEAMS
    ) -> list[Outcome]:
        return self.deployment.run(action, platform, teams)


@pytest.fixture
def make(environment: Environment, project: Path, pulumi: FakePulumi) -> Callable[..., Run]:
    def made(**options: Any) -> Run:
        pulumi.write()
        told: Told = []
        policies = options.pop("policy_pack", None)
        deployment = Deployment(
            environment,
            project,
            PulumiCli(),
            lambda stack, what: told.append((stack, what)),
            policies,
            **options,
        )
        return Run(deployment, told)

    return made


Make = Callable[..., Run]


def states(outcomes: list[Outcome]) -> dict[str, tuple[str, str]]:
    return {outcome.stack: (outcome.state, outcome.reason) for outcome in outcomes}


def commands(pulumi: FakePulumi, stack: str) -> list[list[str]]:
    return [entry["arguments"] for entry in pulumi.notes("begin") if entry["stack"] == stack]


@contextmanager
def in_background(run: Run, action: Action) -> Iterator[Callable[[], list[Outcome]]]:
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(run, action)
        yield lambda: future.result(timeout=30)


def test_the_platform_comes_before_the_teams(make: Make, pulumi: FakePulumi) -> None:
    pulumi.stacks["dev"] = {"seconds": 0.2, "output": recorded("create")}
    outcomes = make()("up")
    assert [outcome.stack for outcome in outcomes] == ["dev", *STACKS]
    assert pulumi.order()[:2] == [("begin", "dev"), ("end", "dev")]
    assert {stack for _, stack in pulumi.order()[2:]} == set(STACKS)


def test_it_goes_last_when_destroying(make: Make, pulumi: FakePulumi) -> None:
    pulumi.existing = ["dev", *STACKS]
    pulumi.stacks["dev.support"] = {"seconds": 0.2}
    outcomes = make()("destroy")
    assert [outcome.stack for outcome in outcomes] == [*STACKS, "dev"]
    assert pulumi.order()[-2:] == [("begin", "dev"), ("end", "dev")]


def test_the_limit_of_stacks_side_by_side_is_kept_and_used(make: Make, pulumi: FakePulumi) -> None:
    teams = tuple(f"team{number}" for number in range(7))
    pulumi.stacks = {f"dev.{team}": {"seconds": 0.4} for team in teams}
    make(parallel=3)("up", platform=False, teams=teams)
    assert len(pulumi.notes("begin")) == 1 + 2 * len(teams)
    assert pulumi.most_at_once() == 3


def test_one_run_of_the_cli_for_a_stack_that_is_there_and_one_more_to_make_it(
    make: Make, pulumi: FakePulumi
) -> None:
    pulumi.existing = ["dev"]
    make(secrets_provider="awskms://alias/k")("up", teams=("support",))
    assert [words[0] for words in commands(pulumi, "dev")] == ["up"]
    init, update = commands(pulumi, "dev.support")
    assert init[:4] == ["stack", "init", "dev.support", "--no-select"]
    assert init[init.index("--secrets-provider") + 1] == "awskms://alias/k"
    assert {"--yes", "--skip-preview", "--json", "--suppress-outputs"} < set(update)


def test_a_preview_asks_for_nothing_and_streams(make: Make, pulumi: FakePulumi) -> None:
    pulumi.existing = ["dev", *STACKS]
    pulumi.stacks["dev"] = {"output": recorded("replace-preview")}
    outcomes = make()("preview")
    (words,) = commands(pulumi, "dev")
    assert words[0] == "preview"
    assert not {"--yes", "--skip-preview"} & set(words)
    assert pulumi.notes("begin")[0]["streams"]
    assert outcomes[0].counts() == {"replaced": 2, "updated": 1}


def test_policies_go_with_what_deploys(make: Make, pulumi: FakePulumi, tmp_path: Path) -> None:
    pulumi.existing = ["dev"]
    for action in ("up", "preview", "destroy"):
        make(policy_pack=tmp_path)(action, teams=())  # type: ignore[arg-type]
    up, preview, destroy = commands(pulumi, "dev")
    assert up[up.index("--policy-pack") + 1] == preview[preview.index("--policy-pack") + 1] == str(tmp_path)
    assert "--policy-pack" not in destroy


def test_what_it_tells_while_it_runs(make: Make, pulumi: FakePulumi) -> None:
    pulumi.stacks["dev"] = {"output": recorded("create")}
    run = make()
    (outcome,) = run("up", teams=())
    assert run.told == [("dev", "begin"), *[("dev", "resource")] * 4, ("dev", "end")]
    assert outcome.state == "done"
    assert outcome.seconds > 0


def test_lines_that_are_no_events_are_no_events(make: Make, pulumi: FakePulumi) -> None:
    strange = '{"resOutputsEvent": {"metadata": {"op": "teleport", "urn": "u"}}}\n[1]\n7\nhello\n'
    pulumi.stacks["dev"] = {"output": strange + recorded("create")}
    (outcome,) = make()("up", teams=())
    assert outcome.state == "done"
    assert outcome.counts() == {"created": 4}


def test_the_teams_are_skipped_when_the_platform_fails(make: Make, pulumi: FakePulumi) -> None:
    pulumi.stacks["dev"] = {"output": recorded("failed"), "code": 255}
    run = make()
    outcomes = run("up")
    assert states(outcomes) == {
        "dev": ("failed", ""),
        "dev.sales": ("skipped", "dev is not done"),
        "dev.support": ("skipped", "dev is not done"),
    }
    assert [str(problem) for problem in outcomes[0].problems] == [
        "stacks/dev/platform.yaml:1: aws:iam:RolePolicyAttachment dev-support-helpdesk-attach: "
        "iam AttachRolePolicy: NoSuchEntity: Role nobody not found"
    ]
    assert run.told[-1] == ("dev", "failed")
    assert not commands(pulumi, "dev.sales")


def test_the_platform_stays_while_teams_do(make: Make, pulumi: FakePulumi) -> None:
    pulumi.existing = ["dev", *STACKS]
    pulumi.stacks = {stack: {"output": recorded("protected"), "code": 255} for stack in STACKS}
    outcomes = make()("destroy")
    assert states(outcomes)["dev"] == ("skipped", "dev.sales, dev.support are not done")
    assert not commands(pulumi, "dev")


def test_one_teams_failure_is_its_own(make: Make, pulumi: FakePulumi) -> None:
    pulumi.stacks["dev.sales"] = {"output": recorded("failed"), "code": 255}
    assert states(make(parallel=1)("up")) == {
        "dev": ("done", ""),
        "dev.sales": ("failed", ""),
        "dev.support": ("done", ""),
    }


def test_a_stack_that_is_locked(make: Make, pulumi: FakePulumi) -> None:
    pulumi.stacks["dev"] = {"errors": LOCKED, "code": 255}
    (outcome,) = make()("up", teams=())
    (problem,) = outcome.problems
    assert problem.message.endswith("if none runs: pulumi cancel -s dev")


def test_a_failure_before_the_engine_shows_the_clis_last_words(make: Make, pulumi: FakePulumi) -> None:
    noise = (
        "warning: using a plugin from $PATH\nerror: get stack secrets manager: incorrect passphrase\n  hint\n"
    )
    pulumi.stacks["dev"] = {"errors": noise, "code": 255}
    (outcome,) = make()("up", teams=())
    assert [problem.message for problem in outcome.problems] == [
        "get stack secrets manager: incorrect passphrase\n  hint"
    ]


def test_a_crash_shows_its_end(make: Make, pulumi: FakePulumi) -> None:
    pulumi.stacks["dev"] = {"errors": "".join(f"goroutine {number}\n" for number in range(100)), "code": 2}
    (outcome,) = make()("up", teams=())
    assert outcome.problems[0].message == "\n".join(f"goroutine {number}" for number in range(95, 100))


@pytest.mark.parametrize(
    ("events", "text"),
    [
        ("exited", "an unhandled error occurred: program exited with non-zero exit code: 3"),
        ("create", "pulumi ended with code: 7 and told no error"),
    ],
)
def test_no_stack_fails_without_a_word(make: Make, pulumi: FakePulumi, events: str, text: str) -> None:
    pulumi.stacks["dev"] = {"output": recorded(events), "code": 7}
    (outcome,) = make()("up", teams=())
    assert outcome.state == "failed"
    assert text in outcome.problems[0].message
    assert "{" not in outcome.problems[0].message


def test_a_stack_that_cannot_be_made(make: Make, pulumi: FakePulumi) -> None:
    pulumi.commands["stack init"] = {"errors": "error: unknown secrets provider type 'x'\n", "code": 255}
    outcomes = make(secrets_provider="x")("up")
    assert outcomes[0].problems[0].message == "unknown secrets provider type 'x'"
    assert states(outcomes)["dev.sales"] == ("skipped", "dev is not done")


def test_when_pulumi_cannot_list_its_stacks_nothing_begins(make: Make, pulumi: FakePulumi) -> None:
    pulumi.commands["stack ls"] = {"errors": "error: PULUMI_ACCESS_TOKEN must be set for login\n", "code": 3}
    with pytest.raises(DeploymentError, match=r"^PULUMI_ACCESS_TOKEN must be set for login$"):
        make()("up")
    assert not pulumi.order()


def test_a_preview_of_a_platform_that_is_not_deployed_skips_the_teams(make: Make, pulumi: FakePulumi) -> None:
    pulumi.stacks["dev"] = {"output": recorded("create")}
    outcomes = make()("preview")
    reason = "what dev tells its teams is not known before it is deployed"
    assert states(outcomes) == {
        "dev": ("done", ""),
        "dev.sales": ("skipped", reason),
        "dev.support": ("skipped", reason),
    }


def test_a_preview_that_changes_every_resource_of_a_platform_goes_on(make: Make, pulumi: FakePulumi) -> None:
    pulumi.existing = ["dev", *STACKS]
    changes = [line for line in recorded("replace-preview").splitlines() if "helpdesk-kept" not in line]
    pulumi.stacks["dev"] = {"output": "\n".join(changes) + "\n"}
    outcomes = make()("preview")
    assert outcomes[0].unchanged == 0
    assert [outcome.state for outcome in outcomes] == ["done"] * 3


def test_a_preview_that_only_adds_to_a_platform_goes_on(make: Make, pulumi: FakePulumi) -> None:
    pulumi.existing = ["dev", *STACKS]
    added = [line for line in recorded("create").splitlines() if "helpdesk-kept" not in line]
    kept = [line for line in recorded("replace").splitlines() if "helpdesk-kept" in line]
    pulumi.stacks["dev"] = {"output": "\n".join(added + kept) + "\n"}
    outcomes = make()("preview")
    assert outcomes[0].counts() == {"created": 3}
    assert [outcome.state for outcome in outcomes] == ["done"] * 3


def test_destroying_what_was_never_there_runs_nothing(make: Make, pulumi: FakePulumi) -> None:
    pulumi.existing = ["dev.support", "test"]
    outcomes = make()("destroy")
    assert [outcome.state for outcome in outcomes] == ["done"] * 3
    assert {stack for _, stack in pulumi.order()} == {"dev.support"}
    assert len(commands(pulumi, "dev.support")) == 1


def test_after_an_interrupt_what_runs_ends_in_order_and_nothing_begins(
    make: Make, pulumi: FakePulumi
) -> None:
    teams = ("sales", "support", "third", "fourth")
    pulumi.existing = ["dev", *(f"dev.{team}" for team in teams)]
    slow = {"seconds": 20, "stops": True, "interrupted": recorded("canceled"), "code": 255}
    pulumi.stacks = dict.fromkeys(pulumi.existing[1:], slow)
    run = make(parallel=2)
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(run, "up", True, teams)
        pulumi.wait_for("begin", 3)
        run.deployment.interrupt()
        outcomes = future.result(timeout=30)
    assert states(outcomes) == {
        "dev": ("done", ""),
        "dev.sales": ("failed", ""),
        "dev.support": ("failed", ""),
        "dev.third": ("skipped", "interrupted before"),
        "dev.fourth": ("skipped", "interrupted before"),
    }
    assert {problem.message for outcome in outcomes for problem in outcome.problems} == {
        "interrupted before it was done"
    }
    assert len(pulumi.notes("interrupt")) == 2
    assert ("dev.third", "begin") not in run.told


def test_a_stack_that_was_interrupted_is_not_done_though_the_cli_says_so(
    make: Make, pulumi: FakePulumi
) -> None:
    pulumi.existing = ["dev", *STACKS]
    early = {"seconds": 20, "stops": True, "interrupted": recorded("canceled-early"), "code": 0}
    pulumi.stacks = {"dev.sales": early, "dev.support": early}
    run = make()
    with in_background(run, "destroy") as ended:
        pulumi.wait_for("begin", 2)
        run.deployment.interrupt()
        outcomes = ended()
    assert [outcome.state for outcome in outcomes] == ["failed", "failed", "skipped"]
    assert outcomes[0].problems[0].message == "interrupted: Pulumi does not say whether all of it was done"


@pytest.mark.parametrize(("code", "state"), [(0, "skipped"), (1, "failed")])
def test_an_interrupt_while_a_stack_is_made_does_not_let_its_update_begin(
    make: Make, pulumi: FakePulumi, code: int, state: str
) -> None:
    """Whether the CLI heeds the interrupt, or is just done when it comes."""
    pulumi.commands["stack init"] = {"seconds": 20, "stops": True, "code": code}
    run = make()
    with in_background(run, "up") as ended:
        pulumi.wait_for("begin")
        run.deployment.interrupt()
        outcomes = ended()
    assert [outcome.state for outcome in outcomes] == [state, "skipped", "skipped"]
    assert not pulumi.order()


def test_an_interrupt_while_stacks_are_listed(make: Make, pulumi: FakePulumi) -> None:
    pulumi.commands["stack ls"] = {"seconds": 20, "stops": True}
    run = make()
    with in_background(run, "up") as ended:
        pulumi.wait_for("begin", of_a_stack=False)
        run.deployment.interrupt()
        outcomes = ended()
    assert {outcome.state for outcome in outcomes} == {"skipped"}
    assert run.told == []


def test_an_interrupt_before_the_list_of_stacks(make: Make, pulumi: FakePulumi) -> None:
    run = make()
    run.deployment.interrupt()
    outcomes = run("up")
    assert [(outcome.state, outcome.reason) for outcome in outcomes] == [
        ("skipped", "interrupted before"),
        ("skipped", "dev is not done"),
        ("skipped", "dev is not done"),
    ]


def test_each_stack_tells_from_its_own_thread(make: Make, pulumi: FakePulumi) -> None:
    """What `tell` must bear, and why Progress has a lock."""
    pulumi.stacks = {stack: {"seconds": 0.3, "output": recorded("create")} for stack in STACKS}
    run = make()
    threads = set()
    run.deployment.tell = lambda stack, what: threads.add(threading.get_ident())
    run("up", platform=False)
    assert len(threads) == 2


def test_what_it_records_is_data(make: Make, pulumi: FakePulumi) -> None:
    pulumi.stacks["dev"] = {"output": recorded("failed"), "code": 255}
    outcomes = make()("up")
    assert json.loads(json.dumps([outcome.record() for outcome in outcomes]))[1] == {
        "stack": "dev.sales",
        "state": "skipped",
        "changes": [],
        "unchanged": 0,
        "deprecated": [],
        "problems": [],
        "seconds": 0.0,
        "reason": "dev is not done",
    }


DENIED = (
    'error: listing stacks: failed to load checkpoint: blob (key ".pulumi/stacks/corral/dev.sales.json") '
    "(code=PermissionDenied): operation error S3: GetObject, StatusCode: 403, api error AccessDenied: Access Denied\n"
)


def test_a_team_is_deployed_by_who_may_not_read_the_other_stacks(make: Make, pulumi: FakePulumi) -> None:
    pulumi.commands["stack ls"] = {"code": 255, "errors": DENIED}
    pulumi.commands["stack output"] = {"output": "{}"}
    assert states(make()("up", platform=False, teams=("support",))) == {"dev.support": ("done", "")}
    assert [words[:2] for words in commands(pulumi, "dev.support")] == [["stack", "output"], ["up", "--yes"]]


def test_it_is_made_if_it_is_not_there(make: Make, pulumi: FakePulumi) -> None:
    pulumi.commands["stack ls"] = {"code": 255, "errors": DENIED}
    pulumi.commands["stack output"] = {"code": 255, "errors": "error: no stack named 'dev.support' found\n"}
    make()("up", platform=False, teams=("support",))
    assert [words[:2] for words in commands(pulumi, "dev.support")][1] == ["stack", "init"]


@pytest.mark.parametrize(("platform", "own"), [(True, "{}"), (False, DENIED)])
def test_what_one_may_not_read_at_all_is_an_error(
    make: Make, pulumi: FakePulumi, platform: bool, own: str
) -> None:
    pulumi.commands["stack ls"] = {"code": 255, "errors": DENIED}
    pulumi.commands["stack output"] = {"code": 255, "errors": own}
    with pytest.raises(DeploymentError, match="AccessDenied"):
        make()("up", platform=platform, teams=("support",))


def test_a_message_goes_into_the_history_and_not_into_a_preview(make: Make, pulumi: FakePulumi) -> None:
    pulumi.existing = ["dev"]
    for action in ("up", "preview", "destroy"):
        make(message="override by me: a reason")(action, teams=())  # type: ignore[arg-type]
    up, preview, destroy = commands(pulumi, "dev")
    for words in (up, destroy):
        assert words[words.index("--message") + 1] == "override by me: a reason"
    assert "--message" not in preview
