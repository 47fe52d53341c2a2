"""Journeys as JUnit XML, which CI systems show: a test suite an agent, a test case a scenario.

The structure is the one of the Ant task and Maven Surefire that Jenkins, GitLab, GitHub's reporters and others
read: testsuites/testsuite/(properties, testcase*), each test case with at most one failure, error or skipped.
"""

import xml.etree.ElementTree as ET
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import groupby

from corral.scenarios.journey import Journey
from corral.scenarios.trace import trace


def junit(journeys: Sequence[Journey], environment: str, where: str) -> bytes:
    """The document. `where` says on what they were played, such as "local AWS"."""
    root = ET.Element("testsuites", {"name": f"corral scenarios {environment}"} | _counts(journeys))
    now = datetime.now(UTC).isoformat(timespec="seconds")
    for who, group in groupby(journeys, key=lambda journey: journey.who):
        of_agent = list(group)
        suite = ET.SubElement(root, "testsuite", {"name": who, "timestamp": now} | _counts(of_agent))
        properties = ET.SubElement(suite, "properties")
        for name, value in (("environment", environment), ("played_on", where)):
            ET.SubElement(properties, "property", name=name, value=value)
        for journey in of_agent:
            _case(suite, journey)
    ET.indent(root)
    document: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return document


def _case(suite: ET.Element, journey: Journey) -> None:
    scenario = journey.scenario
    name = f"{journey.team}.{journey.agent}"
    case = ET.SubElement(suite, "testcase", classname=name, name=scenario.name, time=f"{journey.seconds:.3f}")
    properties = ET.SubElement(case, "properties")
    told = {"title": scenario.title, "case": scenario.case, "by": scenario.by}
    for key, value in told.items():
        if value is not None:
            ET.SubElement(properties, "property", name=key, value=_xml(value))
    if journey.not_played:
        ET.SubElement(case, "skipped", message=_xml(journey.not_played))
    elif journey.problems:
        # Without an answer nothing was checked: the platform failed, not the agent.
        kind = "failure" if journey.answer is not None else "error"
        found = ET.SubElement(case, kind, message=_xml("; ".join(journey.problems)), type="not as expected")
        found.text = _xml("\n".join(trace(journey)))


def _counts(journeys: Sequence[Journey]) -> dict[str, str]:
    wrong = [journey for journey in journeys if journey.problems and not journey.not_played]
    return {
        "tests": str(len(journeys)),
        "failures": str(sum(journey.answer is not None for journey in wrong)),
        "errors": str(sum(journey.answer is None for journey in wrong)),
        "skipped": str(sum(bool(journey.not_played) for journey in journeys)),
        "time": f"{sum(journey.seconds for journey in journeys):.3f}",
    }


def _xml(text: str) -> str:
    """A text without the characters that XML 1.0 has no place for, whatever a tool logged."""
    return "".join(
        character if _allowed(ord(character)) else "\N{REPLACEMENT CHARACTER}" for character in text
    )


def _allowed(code: int) -> bool:
    return code in (0x9, 0xA, 0xD) or 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or code >= 0x10000
