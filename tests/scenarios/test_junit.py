"""JUnit XML as CI systems read it: the structure of Ant and Surefire, and texts that XML has no place for."""

import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest

from corral.front_door import Answer, ToolCall
from corral.scenarios.journey import Journey, Step
from corral.scenarios.junit import junit
from corral.scenarios.trace import trace
from corral.spec.scenario import Scenario

SCENARIO = Scenario.model_validate(
    {
        "name": "hands-over",
        "title": "Opens a ticket & says <so>",
        "case": "happy-path",
        "user": "I want a person.",
        "model": [{"tool": "ticket-create"}, {"say": "x"}],
        "expect": {"calls": [{"tool": "ticket-create", "decision": "allowed"}], "answer_contains": ["TCK-"]},
    }
)
ANSWER = Answer(
    "helpdesk", "s", "No.", "end_turn", None, "r", (ToolCall("ticket-create", "failed", "it broke"),)
)
RIGHT = Journey("support", "helpdesk", SCENARIO, ANSWER, (), 0.25)
STEP = Step(
    "ticket-create",
    "failed",
    "it broke",
    {"subject": "\x1b[31m"},
    "ValueError: bad \x00 byte",
    "Traceback:\n  line 1",
)
WRONG = replace(RIGHT, problems=("ticket-create: ValueError",), steps=(STEP,), seconds=0.5)
REFUSED = replace(RIGHT, agent="onboarding", answer=None, problems=("504 timeout: late",))
LEFT_OUT = replace(RIGHT, agent="onboarding", answer=None, not_played="has a tool fail")
JOURNEYS = [RIGHT, WRONG, REFUSED, LEFT_OUT]

# What each element may have, after the schema that Jenkins' xunit plugin and others check reports against.
ATTRIBUTES = {
    "testsuites": {"name", "tests", "failures", "errors", "skipped", "time"},
    "testsuite": {"name", "timestamp", "tests", "failures", "errors", "skipped", "time"},
    "properties": set(),
    "property": {"name", "value"},
    "testcase": {"classname", "name", "time"},
    "failure": {"message", "type"},
    "error": {"message", "type"},
    "skipped": {"message"},
}
CHILDREN = {
    "testsuites": ["testsuite"],
    "testsuite": ["properties", "testcase"],
    "properties": ["property"],
    "testcase": ["properties", "failure", "error", "skipped"],
}


@pytest.fixture
def document() -> ET.Element:
    return ET.fromstring(junit(JOURNEYS, "dev", "local AWS"))


def test_every_element_has_its_place_and_its_attributes(document: ET.Element) -> None:
    for element in document.iter():
        assert set(element.attrib) == ATTRIBUTES[element.tag]
        names = [child.tag for child in element]
        allowed = CHILDREN.get(element.tag, [])
        assert set(names) <= set(allowed)
        assert names == sorted(names, key=allowed.index)


def test_the_counts_are_those_of_the_cases(document: ET.Element) -> None:
    for suite in (document, *document.findall("testsuite")):
        cases = list(suite.iter("testcase"))
        assert int(suite.attrib["tests"]) == len(cases)
        for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert int(suite.attrib[name]) == sum(case.find(tag) is not None for case in cases)
        assert float(suite.attrib["time"]) == sum(float(case.attrib["time"]) for case in cases)
    assert [suite.attrib["name"] for suite in document] == ["support/helpdesk", "support/onboarding"]


def test_a_case_has_one_outcome(document: ET.Element) -> None:
    outcomes = [
        [child.tag for child in case if child.tag != "properties"] for case in document.iter("testcase")
    ]
    assert outcomes == [[], ["failure"], ["error"], ["skipped"]]


def test_a_failure_has_message_and_trace_without_what_xml_cannot_hold(document: ET.Element) -> None:
    (failure,) = document.iter("failure")
    assert failure.attrib["message"] == "ticket-create: ValueError"
    assert failure.text is not None
    assert "\N{REPLACEMENT CHARACTER} byte" in failure.text
    assert [line.split()[0] for line in failure.text.splitlines()][:3] == ["message", "call", "with"]


def test_a_trace_tells_message_calls_answer_expectation_and_what_came() -> None:
    told = "\n".join(trace(WRONG))
    for text in (
        "I want a person.",
        "ticket-create  failed",
        '{"subject": "\\u001b[31m"}',
        "it broke",
        "ValueError: bad",
        "line 1",
        "No.",
        'ticket-create allowed; the answer contains "TCK-"',
        "ticket-create: ValueError",
    ):
        assert text in told


def test_without_steps_a_trace_tells_the_calls_of_the_answer() -> None:
    assert any("ticket-create  failed" in line for line in trace(replace(WRONG, steps=())))
