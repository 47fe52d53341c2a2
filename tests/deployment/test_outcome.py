"""What becomes of the engine's events, which are recorded ones wherever the engine was got to say them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pulumi.automation import EngineEvent

from corral.deployment.origin import Origins
from corral.deployment.outcome import Outcome
from corral.spec.load import load_environment
from tests.deployment.fake_pulumi import recorded

ROOT = Path(__file__).parents[2]
HELPDESK = "stacks/dev/teams/support.yaml:9"
TEAM = "stacks/dev/teams/support.yaml:1"
URN = "urn:pulumi:dev.support::corral::"
TOPIC = f"{URN}corral:index:Group$aws:sns/topic:Topic::dev-support-helpdesk-letters"
ATTACHMENT = "aws:iam:RolePolicyAttachment dev-support-helpdesk-attach"


@pytest.fixture(scope="module")
def origins() -> Origins:
    return Origins(load_environment(ROOT / "tests/fixtures/good/stacks/dev"))


@pytest.fixture
def outcome_of(origins: Origins) -> Callable[..., Outcome]:
    def read(*events: dict[str, Any] | str) -> Outcome:
        """From recordings by their names, and from single events."""
        outcome = Outcome("dev.support")
        for event in events:
            lines = recorded(event).splitlines() if isinstance(event, str) else [json.dumps(event)]
            for line in lines:
                outcome.note(EngineEvent.from_json(json.loads(line)), origins)
        return outcome

    return read


Read = Callable[..., Outcome]


def said(message: str, urn: str = "", severity: str = "error") -> dict[str, Any]:
    told = {"message": message, "severity": severity, "color": "never"}
    return {"diagnosticEvent": told | ({"urn": urn} if urn else {})}


def shown(outcome: Outcome) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(change.what, change.name, change.properties) for change in outcome.changes]


def test_components_and_what_is_pulumis_own_are_not_counted(outcome_of: Read) -> None:
    created = outcome_of("create")
    assert created.counts() == {"created": 4}
    assert created.unchanged == 0
    assert {change.type for change in created.changes} == {
        "aws:cloudwatch/logGroup:LogGroup",
        "aws:sns/topic:Topic",
    }
    assert {change.kind for change in created.changes} == {"aws:cloudwatch:LogGroup", "aws:sns:Topic"}
    assert created.all_new


@pytest.mark.parametrize("name", ["replace", "replace-preview"])
def test_a_replacement_is_told_once_whichever_goes_first(outcome_of: Read, name: str) -> None:
    """The log group is created anew before the old one goes, the topic after it."""
    replaced = outcome_of(name)
    assert sorted(shown(replaced)) == [
        ("replaced", "dev-support-helpdesk-first", ("name",)),
        ("replaced", "dev-support-helpdesk-letters", ("name",)),
        ("updated", "dev-support-helpdesk-note", ("retentionInDays",)),
    ]
    assert replaced.unchanged == 1
    assert not replaced.all_new


def test_a_replacement_whose_second_half_fails_is_not_told_as_done(origins: Origins) -> None:
    outcome = Outcome("dev.support")
    steps = [
        line
        for line in recorded("replace").splitlines()
        if "helpdesk-first" in line and '"create-replacement"' not in line
    ]
    assert any('"replace"' in line for line in steps)
    for line in steps:
        outcome.note(EngineEvent.from_json(json.loads(line)), origins)
    assert not outcome.changes


def test_a_deletion(outcome_of: Read) -> None:
    assert shown(outcome_of("delete")) == [("deleted", "dev-support-helpdesk-letters", ())]


def test_an_error_has_the_resource_and_the_agents_line_and_no_colour_tags(outcome_of: Read) -> None:
    assert "<{%reset%}>" in recorded("failed")
    failed = outcome_of("failed")
    (problem,) = failed.problems
    assert problem.message == "iam AttachRolePolicy: NoSuchEntity: Role nobody not found"
    assert problem.resource == ATTACHMENT
    assert problem.place == HELPDESK
    assert str(problem) == f"{HELPDESK}: {ATTACHMENT}: {problem.message}"
    assert failed.closing == "update failed"


def test_what_the_program_refuses_is_the_teams(outcome_of: Read) -> None:
    refused = outcome_of("refused")
    (problem,) = refused.problems
    assert problem.message.startswith("2 errors\n")
    assert (problem.resource, problem.place) == ("", TEAM)
    assert refused.closing.startswith("an unhandled error occurred: program exited")


def test_an_exception_is_whole(outcome_of: Read) -> None:
    (problem,) = outcome_of("exception").problems
    assert problem.message.endswith("ValueError: the program says no")


def test_a_program_that_only_ends_leaves_its_closing(outcome_of: Read) -> None:
    exited = outcome_of("exited")
    assert not exited.problems
    assert exited.closing == "an unhandled error occurred: program exited with non-zero exit code: 3"


def test_each_resource_that_breaks_a_rule_is_named(outcome_of: Read) -> None:
    """The rule's text is the same for all of them."""
    found = outcome_of("policies")
    assert sorted(
        (problem.resource.split("-")[-1], problem.message.split(":")[0]) for problem in found.problems
    ) == [
        (resource, rule)
        for resource in ("letters", "note", "open")
        for rule in ("log-encryption", "log-retention")
    ]
    assert {problem.place for problem in found.problems} == {HELPDESK}


def test_an_advisory_rule_stops_nothing(outcome_of: Read) -> None:
    event = {"policyName": "p", "message": "m", "enforcementLevel": "advisory", "resourceUrn": TOPIC}
    assert not outcome_of({"policyEvent": event}).problems


def test_what_is_protected_stays_and_says_so(outcome_of: Read) -> None:
    stays = outcome_of("protected")
    assert stays.counts() == {"deleted": 4}
    (problem,) = stays.problems
    assert "it is protected" in problem.message
    assert problem.resource == "aws:sns:Topic dev-support-helpdesk-dear"


def test_an_interrupt_is_no_problem_of_the_engine(outcome_of: Read) -> None:
    canceled = outcome_of("canceled")
    assert not canceled.problems
    assert canceled.closing == "update canceled"


def test_one_error_told_twice_is_one(outcome_of: Read) -> None:
    (problem,) = outcome_of(said("no", TOPIC), said("no\n", TOPIC), said("no")).problems
    assert problem.resource == "aws:sns:Topic dev-support-helpdesk-letters"


def test_a_resources_error_is_never_taken_for_the_engines_closing(outcome_of: Read) -> None:
    (problem,) = outcome_of(said("update failed", TOPIC)).problems
    assert problem.message == "update failed"


def test_an_error_of_a_component_has_its_line(outcome_of: Read) -> None:
    (problem,) = outcome_of(said("no", f"{URN}corral:index:Agent::dev-support-guide")).problems
    assert problem.place == "stacks/dev/teams/support.yaml:22"
    assert problem.resource == "corral:index:Agent dev-support-guide"


def test_an_error_of_the_stack_or_a_provider_has_the_teams(outcome_of: Read) -> None:
    stack, provider = f"{URN}pulumi:pulumi:Stack::corral-dev.support", f"{URN}pulumi:providers:aws::default"
    problems = outcome_of(said("one", stack), said("two", provider)).problems
    assert [(problem.resource, problem.place) for problem in problems] == [("", TEAM), ("", TEAM)]


@pytest.mark.parametrize("severity", ["warning", "info", "info#err", "debug"])
def test_only_errors_are_problems(outcome_of: Read, severity: str) -> None:
    assert not outcome_of(said("m", TOPIC, severity)).problems


def test_a_record_for_scripts(outcome_of: Read) -> None:
    record = outcome_of("failed").record()
    assert list(record) == [
        *("stack", "state", "changes", "unchanged", "deprecated", "problems", "seconds", "reason")
    ]
    assert record["problems"][0] == {
        "message": "iam AttachRolePolicy: NoSuchEntity: Role nobody not found",
        "resource": ATTACHMENT,
        "place": HELPDESK,
    }
