"""The report as a page and as JSON: what it says, that nothing of a record is markup, that it is kept whole."""

import itertools
import json
import re
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest

from corral.audit.control import Finding
from corral.audit.facts import Facts
from corral.audit.matching import Matching
from corral.audit.report.keep import KeepError, keep
from corral.audit.report.made import Report
from corral.audit.report.page import PageError, page
from corral.audit.report.records import Records, ask_records
from corral.audit.report.summary import summary
from tests.audit import reports
from tests.audit.conftest import NOVEMBER, USUAL, Lake, decision_records, trail_records

HOSTILE = '</script><script>window.hit=1</script><img src=x onerror="window.hit=1">\u202e{{ 7*7 }}'
SHOWN = '</script><script>window.hit=1</script><img src=x onerror="window.hit=1"> {{ 7*7 }}'


_accounts = itertools.count(599999999000)  # a module that imports the fixture makes another lake


class Read(HTMLParser):
    """A page's elements, its text, and the rows of its tables by the table's id."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: Counter[str] = Counter()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.texts: list[str] = []
        self._raw = False
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        self.elements[tag] += 1
        self.ids += [str(given["id"])] if "id" in given else []
        self.links += [str(given["href"])] if tag == "a" else []
        assert not [name for name in given if name.startswith("on") or name in ("src", "style")], (tag, given)
        self._raw = tag in ("script", "style")

    def handle_endtag(self, tag: str) -> None:
        self._raw = False

    def handle_data(self, data: str) -> None:
        if not self._raw:
            self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())


@pytest.fixture(scope="session")
def november(lake: Lake) -> Records:
    return reports.records(lake)


@pytest.fixture(scope="session")
def made(november: Records) -> Report:
    return reports.report(reports.facts(), november)


@pytest.fixture(scope="session")
def read(made: Report) -> Read:
    return Read(page(made).decode())


def whole(facts: Facts) -> Facts:
    """The same platform with nothing amiss in its records and access."""
    assert facts.matrix is not None
    assert facts.verification is not None
    checks = [replace(check, problems=[]) for check in facts.verification.checks]
    verification = replace(facts.verification, matching=Matching(5, 0, []), checks=checks)
    rows = tuple(row for row in facts.matrix.rows if row.standing == "granted")
    return replace(facts, verification=verification, matrix=replace(facts.matrix, rows=rows))


def test_it_says_first_what_needs_a_look(made: Report, read: Read) -> None:
    said = [(point.weight, point.text) for point in made.points]
    assert ("wrong", "Control gateway-authorizer fails") in said
    assert ("wrong", "1 path that nothing grants") in said
    assert ("wrong", "1 path granted and not there") in said
    assert ("wrong", "1 gap in the records") in said
    assert ("wrong", "Check of object lock") in said
    assert ("soon", "The waiver of runtime-network ends in 14 days") in said
    weights = [weight for weight, _ in said]
    assert weights == sorted(weights, key=["wrong", "unknown", "soon"].index)
    assert made.is_whole is False
    assert "The records are not whole" in read.text
    assert read.text.index("To look at") < read.text.index("What the platform is held to")


def test_every_link_within_the_page_leads_somewhere(read: Read) -> None:
    wanted = {link[1:] for link in read.links if link.startswith("#")}
    assert {"records", "access", "agents", "paths"} <= wanted  # those that the controls' evidence names
    assert wanted <= set(read.ids)
    assert [each for each, count in Counter(read.ids).items() if count > 1] == []


@pytest.mark.control("inventory")
def test_it_has_every_agent_with_all_that_is_known_of_it(made: Report, read: Read) -> None:
    helpdesk = next(agent for agent in made.agents if agent.label == "support/helpdesk")
    assert len(made.agents) == sum(map(len, reports.DEV.agents.values()))
    assert (helpdesk.guardrail, helpdesk.approver_names) == ("g-1, version 3", ["support-lead"])
    assert helpdesk.rules == [
        "refund-issue when amount_cents > 20000",
        "refund-issue when amount_cents > 5000",
    ]
    assert helpdesk.calls is not None
    assert helpdesk.calls["calls"] == 4
    for text in (helpdesk.role, "ceda" * 16, "c0de" * 16, helpdesk.owner, *helpdesk.rules, "policy_helpdesk"):
        assert text in read.text
    agents = {
        name: told for name, told in made.facts.outputs["dev.support"]["agents"].items() if name != "helpdesk"
    }
    gone = {**made.facts.outputs, "dev.support": {"agents": {**agents, "stray": agents["onboarding"]}}}
    standing = {
        agent.label: agent.standing
        for agent in reports.report(replace(made.facts, outputs=gone), made.records).agents
        if agent.standing
    }
    assert standing == {
        "support/helpdesk": "specified, and not seen deployed",
        "support/stray": "deployed, and not specified",
    }


def test_alarms_are_shown_once_stacks_export_them(made: Report) -> None:
    assert "Alarms" not in Read(page(made).decode()).text
    support = made.facts.outputs["dev.support"]
    helpdesk = {**support["agents"]["helpdesk"], "alarms": {"accuracy-drift": "arn:alarm"}}
    told = {**made.facts.outputs, "dev.support": {**support, "agents": {"helpdesk": helpdesk}}}
    shown = Read(page(reports.report(replace(made.facts, outputs=told), made.records)).decode()).text
    assert "Alarms" in shown
    assert "accuracy-drift" in shown


def test_it_maps_controls_to_standards_and_names_evidence(made: Report, read: Read) -> None:
    assert made.standards == [
        *("Security Hub", "OWASP Agentic", "AWS Agentic AI Lens", "ISO 42001", "EU AI Act", "NIST AI RMF")
    ]
    for finding in made.findings:
        assert f"control-{finding.control.id}" in read.ids
        for text in (finding.control.title, *finding.problems, *(each.text for each in finding.evidence)):
            assert " ".join(text.split()) in read.text
        for ids in finding.control.sources.values():
            assert ", ".join(ids) in read.text
    for text in (
        "What team support keeps",
        "Management events selector: 5e1ec7ed",
        "session: 11111111-2222",
        "one_more",
        "400",
    ):
        assert text in read.text


@pytest.mark.control("approvals")
def test_who_may_approve_what_is_evidence_from_the_teams_stacks(made: Report, read: Read) -> None:
    lead = "arn:aws:iam::111122223333:role/support-lead"
    assert f"helpdesk: refund-issue, amount_cents > 5000: {lead}, within 1440 minutes" in read.text
    night = "arn:aws:iam::111122223333:user/night"
    held = {"tool": "t", "when": "every call", "approvers": 2.0, "by": [lead, night], "within_minutes": 30.0}
    rules = [held, {**held, "approvers": 1.0, "by": [], "delegate": night}]
    support = {**made.facts.outputs["dev.support"], "approvers": {"helpdesk": rules}}
    told = {**made.facts.outputs, "dev.support": support}
    text = Read(page(reports.report(replace(made.facts, outputs=told), made.records)).decode()).text
    assert f"helpdesk: t, every call: 2 of {lead}, {night}, within 30 minutes" in text
    assert f"t, every call: nobody, within 30 minutes; also {night} in the second half of that time" in text


def test_records_are_shown_as_the_saved_queries_answer_them(made: Report, read: Read) -> None:
    assert made.records.totals is not None
    assert vars(made.records.totals) == {"allowed": 3, "denied": 3, "held": 1}
    listed = {
        name: [list(row.values()) for row in found.rows] for name, found in made.records.listings.items()
    }
    assert [row[:3] for row in listed["reasons"]] == [
        ["gateway", "Invalid Bearer token", 1],
        ["gateway", "Tool Execution Denied", 1],
        ["supervisor", "approval denied", 1],
        ["supervisor", "pending approval", 1],
        ["supervisor", "tool not granted", 1],
    ]
    assert listed["approval-results"] == [["approved and used", 1], ["denied", 1]]
    assert listed["usage"] == [["support", 1, 2, 1500, 75, 0], ["sales", 1, 1, 0, 0, 1]]
    for found in made.records.listings.values():
        assert found.problem is None
        assert found.command in read.text
        if found.wanted.id != "by-agent":  # which is in the agents' table
            assert found.wanted.id in read.ids
    assert "arn:aws:sts::111122223333:assumed-role/approver/lee" in read.text


def test_a_long_listing_says_how_much_there_is_and_where(lake: Lake, made: Report) -> None:
    found = made.records["denials"]
    cut = replace(found, rows=found.rows[:2])
    listings = {**made.records.listings, "denials": cut}
    text = Read(page(replace(made, records=replace(made.records, listings=listings))).decode()).text
    assert f"The first 2 of 5. All: {found.command}" in text


def test_what_could_not_be_asked_is_said_with_the_reason(made: Report) -> None:
    facts = replace(
        made.facts,
        resources=(),
        matrix=None,
        verification=None,
        not_asked={"resources": "no state", "matrix": "AccessDenied: iam", "verification": "no workgroup"},
    )

    def refused(sql: str) -> None:
        from corral.audit.athena import AthenaError

        raise AthenaError("not allowed: athena")

    silent = ask_records(refused, USUAL, NOVEMBER, "dev")  # type: ignore[arg-type]
    report = reports.report(facts, silent)
    text = Read(page(report).decode()).text
    assert (report.is_whole, report.records.totals) == (None, None)
    assert "Everything was asked" not in text
    for said in ("no state", "AccessDenied: iam", "no workgroup", "not allowed: athena"):
        assert said in text
    found = summary(report)
    assert (found["access"], found["decisions"], found["records"]["whole"]) == (None, None, None)
    assert len(found["not_asked"]) == 3 + len(silent.listings)
    # What the outputs alone show to be wrong still is: the made-up code is not that of the files.
    wrong = [point.text for point in report.points if point.weight == "wrong"]
    assert wrong == ["Control tool-supply-chain fails"]


def test_when_nothing_is_amiss_it_says_so(made: Report) -> None:
    holds = tuple(replace(finding, status="holds", problems=()) for finding in made.findings)
    facts = whole(made.facts)
    facts = replace(facts, environment=replace(facts.environment, platform=reports.DEV.platform))
    report = replace(made, facts=facts, findings=holds)
    assert report.points == []
    assert report.is_whole
    text = Read(page(report).decode()).text
    assert f"All {len(holds)} controls that apply hold. The records are whole." in text
    assert "Nothing: no control fails" in text


@pytest.mark.parametrize(
    ("statuses", "verdict"),
    [
        (("holds", "holds", "does not apply"), "All 2 controls that apply hold."),
        (("holds", "fails"), "1 of 2 controls fails."),
        (("fails", "fails", "not known"), "2 of 3 controls fail."),
        (("holds", "not known"), "No control is known to fail; of 1 it could not be told."),
        (("holds", "waived"), "1 of 2 controls hold, 1 waived."),
    ],
)
def test_the_verdict(made: Report, statuses: tuple[str, ...], verdict: str) -> None:
    findings = tuple(Finding(made.findings[0].control, status, ()) for status in statuses)  # type: ignore[arg-type]
    assert replace(made, findings=findings).verdict == verdict


def test_an_expired_waiver_is_wrong(made: Report) -> None:
    later = replace(made, made=made.made.replace(year=2027))
    assert ("wrong", "The waiver of runtime-network ended 351 days ago") in [
        (p.weight, p.text) for p in later.points
    ]


@pytest.fixture(scope="session")
def hostile(made: Report) -> Report:
    """The same report with markup wherever a text comes from elsewhere: specification, outputs, account, records."""
    lake = Lake(str(next(_accounts)))
    told = [
        {**record, **{key: HOSTILE for key in ("reason", "arguments") if record.get(key)}}
        for record in decision_records()
    ]
    called = json.loads(
        json.dumps(trail_records()).replace("Invalid Bearer token", json.dumps(HOSTILE)[1:-1])
    )
    lake.fill(called, told)
    facts, assert_there = made.facts, made.facts.matrix
    assert assert_there is not None
    rows = tuple(replace(row, principal=HOSTILE, opened_by=HOSTILE) for row in assert_there.rows)
    agent = facts.environment.agents["support"]["helpdesk"]
    agent = replace(
        agent,
        owner=agent.owner.model_copy(update={"name": HOSTILE}),
        made_from=agent.made_from.model_copy(update={"summary": HOSTILE}),
    )
    agents = {
        **facts.environment.agents,
        "support": {**facts.environment.agents["support"], "helpdesk": agent},
    }
    waiver = facts.environment.platform.waivers[0].model_copy(update={"reason": HOSTILE})
    platform = facts.environment.platform.model_copy(update={"waivers": (waiver,)})
    outputs = {**facts.outputs, "dev": {**facts.outputs["dev"], "audit_bucket": HOSTILE, HOSTILE: HOSTILE}}
    changed = replace(
        facts,
        environment=replace(facts.environment, agents=agents, platform=platform),
        outputs=outputs,
        matrix=replace(assert_there, rows=rows),
    )
    return reports.report(changed, reports.records(lake))


def test_nothing_of_a_record_or_a_specification_is_markup(hostile: Report) -> None:
    html = page(hostile).decode()
    read = Read(html)
    assert "window.hit=1</script><img" not in html
    assert (read.elements["script"], read.elements["img"]) == (3, 0)
    assert "\u202e" not in html
    assert "49" not in [text.strip() for text in read.texts]
    shown = " ".join(SHOWN.split())
    for where in ("owner", "summary", "output", "matrix", "waiver", "reason", "arguments"):
        assert read.text.count(shown) >= 7, where
    reasons = {row["why"] for row in hostile.records["reasons"].rows}
    assert HOSTILE.partition(":")[0] in reasons
    assert {row["arguments"] for row in hostile.records["approvals"].rows} == {HOSTILE}


def test_the_page_lets_nothing_be_fetched_and_runs_what_it_names_alone(made: Report) -> None:
    html = page(made).decode()
    [policy] = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', html)
    rules = dict(rule.split(" ", 1) for rule in unescape(policy).split("; "))
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == "'none'"
    assert rules["img-src"] == "data:"
    # A script with a type of its own is data, which nothing runs.
    for found, rule in (
        (r"<script>(.*?)</script>", "script-src"),
        (r"<style[^>]*>(.*?)</style>", "style-src"),
    ):
        texts = re.findall(found, html, re.S)
        digests = {b64encode(sha256(text.encode()).digest()).decode() for text in texts}
        assert {f"'sha256-{digest}'" for digest in digests} == set(rules[rule].split())


def test_a_script_that_would_end_its_element_is_refused(made: Report, tmp_path: Path) -> None:
    environment = replace(made.facts.environment, root=tmp_path)
    elsewhere = replace(made, facts=replace(made.facts, environment=environment))
    with pytest.raises(PageError, match=r"templates/report/report\.html\.j2 cannot be read"):
        page(elsewhere)
    folder = tmp_path / "templates/report"
    folder.mkdir(parents=True)
    for path in (reports.ROOT / "templates/report").iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    assert page(elsewhere) == page(made)
    (folder / "report.js").write_text("const end = '</script>';")
    with pytest.raises(PageError, match="holds </script"):
        page(elsewhere)


def test_the_summary_is_json_and_counts(made: Report) -> None:
    found = json.loads(json.dumps(summary(made)))
    assert found["controls"]["fails"] == len(found["failing"])
    assert found["failing"]["gateway-authorizer"]
    assert found["access"] == {"granted": 2, "extra": 1, "missing": 1}
    assert found["records"] == {"whole": False, "matched": 1204, "gaps": 1}
    assert found["decisions"] == {"allowed": 3, "denied": 3, "held": 1}
    assert [(each["control"], each["days"]) for each in found["waivers"]] == [("runtime-network", 14)]
    assert found["not_asked"] == {}
    assert (found["since"], found["until"]) == ("2026-11-01T00:00:00", "2026-12-01T00:00:00")


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_it_is_kept_whole_and_never_in_the_place_of_another(folder: Path) -> None:
    path = folder / "report.html"
    keep(b"one", path)
    assert path.read_bytes() == b"one"
    with pytest.raises(KeepError, match="is there already, and a report is never replaced"):
        keep(b"two", path)
    assert path.read_bytes() == b"one"
    with pytest.raises(KeepError, match="is no folder"):
        keep(b"two", folder / "none/report.html")
    (folder / "link").symlink_to(folder / "nowhere")
    with pytest.raises(KeepError, match="is there already"):
        keep(b"two", folder / "link")


def test_one_that_comes_to_be_there_meanwhile_stays(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = folder / "report.html"
    written = Path.write_bytes

    def slow(at: Path, content: bytes) -> int:
        written(path, b"theirs")
        return written(at, content)

    monkeypatch.setattr(Path, "write_bytes", slow)
    with pytest.raises(KeepError, match="meanwhile"):
        keep(b"ours", path)
    assert path.read_bytes() == b"theirs"
