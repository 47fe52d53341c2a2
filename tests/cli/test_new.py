"""corral new: what is written, what is refused, and that nothing is written then."""

import json
import os
import pty
import select
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from corral.spec.load import load_environment
from tests.cli.conftest import ROOT, Corral, edit

SUPPORT = "stacks/dev/teams/support.yaml"
SALES = "stacks/dev/teams/sales.yaml"
AGENT = ("new", "agent", "dev", "--team", "support", "--template", "helper", "--name", "desk")
GIVEN = ("--set", "product=Acme Hub", "--set", "domain=manuals")
TEAM = (
    *("new", "team", "ops", "--owner", "Operations <ops@example.com>", "--on-call", "call@example.com"),
    *("--cost-center", "op-1", "--budget", "250", "--operators", "arn:aws:iam::111122223333:role/ops"),
)
DOMAIN = (
    "new",
    "domain",
    "faq",
    "--about",
    "What people ask us most.",
    "--owner",
    "Docs <docs@example.com>",
    "--classification",
    "internal",
)
TOOL = ("new", "tool", "note-keep", "--summary", "Keeps a note", "--owner", "Ops <ops@example.com>")


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_an_agent(writable: Path, corral: Corral) -> None:
    before = (writable / SUPPORT).read_text()
    result = corral(*AGENT, *GIVEN, "--set", "level=3", "--yes")
    assert result.exit_code == 0, result.output
    added = (
        "  - name: desk\n    template: helper@1\n    stage: experiment\n"
        '    parameters: {product: "Acme Hub", domain: manuals, level: 3}\n    tools: [find-text]\n'
    )
    assert (writable / SUPPORT).read_text() == before + added
    for line in added.splitlines():
        assert f"+{line}" in result.stdout
    assert f"+++ b/{SUPPORT}" in result.stdout
    assert "next: corral scenarios dev support/desk" in result.stdout
    agent = load_environment(writable / "stacks/dev").agents["support"]["desk"]
    assert (agent.parameters["level"], agent.template) == (3, "helper@1.2.0")


def test_more_of_an_agent_as_json(writable: Path, corral: Corral) -> None:
    options = ("--tools", "pay-back,find-text", "--json", "--yes")
    document = json.loads(corral(*AGENT, *GIVEN, *options).stdout)
    assert document["written"] is True
    assert document["next"] == "corral scenarios dev support/desk"
    assert document["files"][0]["path"] == SUPPORT
    assert "+    tools: [pay-back, find-text]" in document["files"][0]["diff"]
    agent = load_environment(writable / "stacks/dev").agents["support"]["desk"]
    assert (agent.tools, agent.stage) == (("pay-back", "find-text"), "experiment")


def test_the_only_environment_need_not_be_named(writable: Path, corral: Corral) -> None:
    assert corral("new", "agent", *AGENT[3:], *GIVEN, "--yes").exit_code == 0
    shutil.copytree(writable / "stacks/dev", writable / "stacks/test")
    result = corral("new", "agent", *AGENT[3:], *GIVEN, "--yes")
    assert result.exit_code == 2
    assert "which environment? Give one of: dev, test" in result.stderr


def test_a_private_template_is_one_too(writable: Path, corral: Corral) -> None:
    private = writable / "stacks/dev/templates/own"
    shutil.copytree(writable / "templates/agents/helper/1.2.0", private / "3.1.0")
    edit(private / "3.1.0/template.yaml", "template: helper\nversion: 1.2.0", "template: own\nversion: 3.1.0")
    command = ["own" if value == "helper" else value for value in AGENT]
    result = corral(*command, *GIVEN, "--yes")
    assert result.exit_code == 0, result.output
    assert "template: own@3\n" in (writable / SUPPORT).read_text()


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("new", "agent"), "missing: --team, --template, --name"),
        (
            ("new", "agent", "--team", "support", "--template", "helper"),
            "--name, --set product=... (What it helps",
        ),
        (("new", "team", "ops", "--budget", "5"), "missing: --owner, --on-call, --cost-center, --operators"),
        (("new", "domain"), "missing: NAME, --about, --owner, --classification, --readers"),
        (("new", "tool", "--json"), "missing: NAME, --summary, --owner"),
        (("retire", "dev", "support/guide"), "missing: --reason"),
        ((*AGENT, *GIVEN), "Write these lines? Nobody is there to answer: give --yes"),
        ((*AGENT, *GIVEN, "--json"), "--json asks nothing: give --yes as well"),
        ((*AGENT, "--set", "product"), "is not of the form key=value"),
        ((*AGENT, "--set", "product=a", "--set", "product=b"), "--set product is there twice"),
    ],
)
def test_usage(writable: Path, corral: Corral, command: tuple[str, ...], said: str) -> None:
    before = tree(writable)
    result = corral(*command)
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stderr.count("\n") == 1
    assert tree(writable) == before


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (
            (*AGENT, *GIVEN, "--team", "suport"),
            '--team: there is no team "suport". Known: sales, support. Did you',
        ),
        ((*AGENT, *GIVEN, "--template", "helpr"), '--template: unknown template "helpr"'),
        ((*AGENT, *GIVEN, "--template", "helper@2"), "has no version 2. Versions: 1.0.0, 1.2.0"),
        ((*AGENT, *GIVEN, "--template", "helper@x"), "Allowed: helper or helper@1"),
        ((*AGENT, *GIVEN, "--name", "helpdesk"), '--name: "helpdesk" is taken'),
        ((*AGENT, *GIVEN, "--name", "Desk"), '--name: "Desk" is not allowed. Allowed: lower-case letters'),
        ((*AGENT, *GIVEN, "--tools", "find-txt"), 'Did you mean "find-text"?'),
        ((*AGENT, *GIVEN, "--set", "levle=1"), 'unknown parameter "levle" of helper@1.2.0'),
        ((*AGENT, *GIVEN, "--set", "level=9"), "--set level: 9 is too large. Allowed: at most 3"),
        (
            (*AGENT, "--set", "product=x", "--set", "domain=orders"),
            '"orders" is not allowed. Allowed: manuals',
        ),
        ((*TEAM, "--budget", "none"), "--budget: "),
        ((*DOMAIN, "--readers", "nobody"), 'there is no team "nobody"'),
        (
            (*DOMAIN, "--readers", "sales", "--classification", "secret"),
            'there is no classification "secret"',
        ),
        ((*DOMAIN, "--readers", "sales", "--table", "no.csv"), "no.csv: No such file"),
        ((*TOOL, "--access", "all"), 'there is no access "all". Known: read, write'),
        (("new", "tool", "pay-back", *TOOL[3:]), '"pay-back" is taken'),
        (("new", "domain", "orders", *DOMAIN[3:], "--readers", "sales"), '"orders" is taken'),
        (("new", "team", "sales", *TEAM[3:]), '"sales" is taken'),
    ],
)
def test_a_wrong_value(writable: Path, corral: Corral, command: tuple[str, ...], said: str) -> None:
    before = tree(writable)
    result = corral(*command, "--yes")
    assert result.exit_code == 1
    assert said in result.stderr
    assert tree(writable) == before


def test_what_only_the_whole_environment_shows_is_said_as_validate_does(
    writable: Path, corral: Corral
) -> None:
    before = tree(writable)
    command = ["sales" if value == "support" else value for value in AGENT]
    result = corral(*command, "--set", "product=x", "--yes")
    assert result.exit_code == 1
    assert f"\n{SALES}\n" in result.stderr
    assert "agents[0]: the tool find-text reads a data domain, and the agent has none" in result.stderr
    assert "- name: desk" in result.stderr  # the line that was not written
    assert "Nothing was written." in result.stdout
    document = json.loads(corral(*command, "--set", "product=x", "--yes", "--json").stdout)
    assert document["written"] is False
    assert document["errors"][0]["path"] == SALES
    assert tree(writable) == before


def test_an_environment_with_mistakes_is_left_alone(writable: Path, corral: Corral) -> None:
    edit(writable / SUPPORT, "stage: pilot", "stage: prod")
    before = tree(writable)
    for command in ((*AGENT, *GIVEN), TEAM, TOOL, ("retire", "dev", "support/guide", "--reason", "Old.")):
        result = corral(*command, "--yes")
        assert result.exit_code == 1
        assert "1 error in 1 file" in result.stderr
    assert tree(writable) == before


def test_a_file_that_may_only_be_read(writable: Path, corral: Corral) -> None:
    (writable / SUPPORT).chmod(0o444)
    result = corral(*AGENT, *GIVEN, "--yes")
    assert result.exit_code == 1
    assert f"error: {SUPPORT} may only be read" in result.stderr


def test_a_file_that_is_a_link(writable: Path, corral: Corral) -> None:
    (writable / SUPPORT).rename(writable / "support.yaml")
    (writable / SUPPORT).symlink_to(writable / "support.yaml")
    result = corral(*AGENT, *GIVEN, "--yes")
    assert result.exit_code == 1
    assert f"error: {SUPPORT} is a symbolic link" in result.stderr


def test_a_team(writable: Path, corral: Corral) -> None:
    (writable / "stacks/Pulumi.dev.yaml").touch()
    result = corral(*TEAM, "--approvers", "arn:aws:iam::111122223333:role/lead", "--yes")
    assert result.exit_code == 0, result.output
    team = load_environment(writable / "stacks/dev").teams["ops"]
    assert team.owner.on_call == "call@example.com"
    assert (team.cost.center, team.cost.monthly_budget_usd) == ("op-1", 250)
    assert team.members.approvers == ("arn:aws:iam::111122223333:role/lead",)
    assert 'allowedAccountIds: ["111122223333"]' in (writable / "stacks/Pulumi.dev.ops.yaml").read_text()
    command = [
        *(value if value != "support" else "ops" for value in AGENT),
        "--set",
        "product=x",
        "--tools",
        "",
    ]
    assert corral(*command, "--yes").exit_code == 0


def test_a_domain_with_a_first_document(writable: Path, corral: Corral) -> None:
    result = corral(*DOMAIN, "--readers", "sales,support", "--yes")
    assert result.exit_code == 0, result.output
    domain = load_environment(writable / "stacks/dev").domains["faq"]
    assert (domain.readers, domain.documents) == (("sales", "support"), "data/faq")
    document = (writable / "stacks/dev/data/faq/about.md").read_text()
    assert "What people ask us most." in document
    assert "Docs (docs@example.com)" in document


def test_a_domain_with_tables(writable: Path, corral: Corral, tmp_path: Path) -> None:
    (tmp_path / "Items 2.csv").write_bytes(b"\xef\xbb\xbfid,price,since\nA,1.5,2026-01-31\n")
    (writable / "stacks/dev/data/here.csv").write_text("id,n\nA,1\n")
    tables = ("--table", str(tmp_path / "Items 2.csv"), "--table", "stacks/dev/data/here.csv")
    result = corral(*DOMAIN, "--readers", "sales", *tables, "--yes")
    assert result.exit_code == 0, result.output
    first, second = load_environment(writable / "stacks/dev").domains["faq"].tables
    assert (first.file, first.columns) == (
        "data/faq/items_2.csv",
        {"id": "string", "price": "double", "since": "date"},
    )
    assert (second.file, second.columns) == ("data/here.csv", {"id": "string", "n": "bigint"})
    assert (writable / "stacks/dev/data/faq/items_2.csv").read_bytes().startswith(b"id,")


def test_a_tool_keeps_the_comments_of_the_platform(writable: Path, corral: Corral) -> None:
    platform = writable / "stacks/dev/platform.yaml"
    edit(platform, r"  pay-back: .*\n", "  pay-back: {currency: EUR}  # ours\n  # more below\n")
    before = platform.read_text()
    result = corral(*TOOL, "--yes")
    assert result.exit_code == 0, result.output
    line = "  pay-back: {currency: EUR}  # ours\n"
    assert platform.read_text() == before.replace(line, f"{line}  note-keep: {{}}\n")
    assert load_environment(writable / "stacks/dev").tools["note-keep"].spec.summary == "Keeps a note."


def test_the_command_line_starts_without_what_is_heavy() -> None:
    heavy = ("pulumi", "boto3", "botocore", "moto", "jinja2", "corral.scaffold.yaml_text", "corral.spec.load")
    program = f"import sys, corral.cli.main; print(*set({heavy!r}) & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == ""


class Terminal:
    """A command on a real terminal: what it prints, and somebody who types."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.pid, self.descriptor = pty.fork()
        if self.pid == 0:
            os.chdir(folder)
            os.environ.update(PYTHONPATH=str(ROOT), COLUMNS="200", TERM="dumb", NO_COLOR="1")
            os.execv(sys.executable, [sys.executable, "-m", "corral", *arguments])
        self.printed = ""

    def until(self, text: str) -> str:
        """Wait until it prints a text; all since the last time."""
        seen = ""
        while text not in seen:
            ready, _, _ = select.select([self.descriptor], [], [], 60)
            assert ready, f"{text!r} did not come: {seen}"
            try:
                chunk = os.read(self.descriptor, 4096).decode(errors="replace")
            except OSError:
                chunk = ""
            assert chunk, f"{text!r} did not come: {seen}"
            seen += chunk
        return seen

    def type(self, text: str) -> None:
        os.write(self.descriptor, f"{text}\n".encode())

    def end(self) -> int:
        while True:
            try:
                if not os.read(self.descriptor, 4096):
                    break
            except OSError:
                break
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def test_somebody_on_a_terminal_is_asked_for_everything(two_majors: Path) -> None:
    terminal = Terminal(two_majors, "new", "agent")
    said = terminal.until("Team:")
    assert "2  support  Support" in said
    terminal.type("7")
    assert 'there is no team "7"' in terminal.until("Team:")
    terminal.type("2")
    assert "1  helper  Helps customers with a product." in terminal.until("Template:")
    terminal.type("1")
    terminal.until("Name of the agent [helper]:")
    terminal.type("guide")
    assert '"guide" is taken' in terminal.until("Name of the agent [helper]:")
    terminal.type("")
    assert "product takes text, at most 30 characters." in terminal.until("product: What it helps with:")
    terminal.type("Acme Hub")
    assert "1  manuals" in terminal.until("domain: The domain of its manuals")
    terminal.type("1")
    terminal.until("region: Where:")
    terminal.type("eu")
    assert "Allowed: text of the form [A-Z]+" in terminal.until("region: Where:")
    terminal.type("EU")
    assert "2  formal" in terminal.until("[formal]:")
    terminal.type("1")
    for question in (
        "code: The product's code:",
        "brief: Whether it answers briefly [no]",
        "ratio: A share [0.5]",
    ):
        terminal.until(question)
        terminal.type("")
    terminal.until("Tools [find-text]:")
    terminal.type("")
    assert "+      style: warm" in terminal.until("Write these lines? [Y/n]:")
    terminal.type("y")
    assert "corral scenarios dev support/helper" in terminal.until("support/helper")
    assert terminal.end() == 0
    agent = load_environment(two_majors / "stacks/dev").teams["support"].agents[-1]
    wanted: dict[str, Any] = {"product": "Acme Hub", "domain": "manuals", "region": "EU", "style": "warm"}
    assert (agent.name, agent.template, agent.parameters) == ("helper", "helper@2", wanted)


def test_a_no_on_a_terminal_writes_nothing(writable: Path) -> None:
    before = tree(writable)
    terminal = Terminal(writable, *TEAM)
    terminal.until("may be empty:")
    terminal.type("")
    terminal.until("Write these lines? [Y/n]:")
    terminal.type("n")
    terminal.until("Nothing was written.")
    assert terminal.end() == 1
    assert tree(writable) == before
