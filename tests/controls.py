"""docs/controls.md, written from the marks of the tests: `python -m tests.controls` from the project's folder.

A test that proves controls or promises names them: `@pytest.mark.control("suspension", "fail-closed")`, or a whole
module in its `pytestmark`. The marks are read from the source; no test is collected or run for it.
"""

import ast
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from corral.audit.controls.catalogue import ASSESSED, Assessed

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/controls.md"

# What no property of a deployed platform shows, and tests alone can.
PROMISES = {
    "no-change-on-reapply": "Deploying again what is deployed changes nothing.",
    "clean-destroy": "Destroying leaves nothing but what is meant to stay: the records.",
    "protected-state": "What holds data is protected in production: records, keys, tables, documents.",
    "convergence": "A deployment that failed anywhere is made good by the next one.",
    "idempotent-tools": "A tool that is asked twice for the same does it once.",
    "fail-closed": "With the supervisor, a table, the guardrail or the records down, calls are denied and told why.",
    "stage-gates": "An agent enters a stage by figures that the platform measured and a person's name alone.",
    "rollback": "What was served before is served again at once, on record, and whatever is deployed meanwhile.",
    "single-approval": "No approved call runs twice or with other arguments.",
    "complete-records": "Each allowed call has its decision record and its trail record; one that is missing is found.",
    "clear-errors": "Bad input gets an error with its place and what is allowed, never a traceback.",
    "peak-load": "Three times the peak volume is throttled, and never answered wrongly.",
}

# What is not there yet, or not proved yet, of a control or promise.
NOT_YET = {
    "guardrail": "Grounding is set in the guardrail and not applied: the front door does not have the passages an "
    "answer rests on.",
    "knowledge-keys": "No knowledge base of Bedrock is deployed, documents are searched where they lie: the rule is "
    "proved on examples alone.",
    "runtime-network": "No runtime, browser or code interpreter is deployed: the rule is proved on examples alone. "
    "Agents run on AgentCore's own network, as does what Security Hub may report for them; none has a tool that runs "
    "code.",
}

_HEAD = """\
# Controls, and the tests that prove them

What a platform deployed with Corral is held to, where each is asked for, which rules of the
[policy pack](policies.md) stop a deployment that breaks it, and which tests prove that it holds. An environment that
knowingly goes without a control says so with a waiver of that name in its `platform.yaml`:

```yaml
waivers:
  - control: runtime-network
    reason: The crawler needs the internet until the proxy is there.
    owner: platform@example.com
    expires: 2027-03-31
```

The page is written from the tests' own marks (`@pytest.mark.control`) by `python -m tests.controls`, and a test holds
it to them. **None of these tests runs against real AWS.** They run against the program's resources, against Cedar's own
engine, and against a local AWS whose calls are checked against AWS's published models and schemas; those of
`tests/engine` run Pulumi's own engine and need its CLI.

Standards: AWS Security Hub CSPM · OWASP Top 10 for Agentic Applications (ASI) · AWS Well-Architected's Agentic AI Lens
(AGENTSEC) · NIST AI RMF 1.0 · ISO/IEC 42001:2023, Annex A · EU AI Act (Regulation (EU) 2024/1689), by article. That a
control serves what a standard asks for is our reading, and no control fulfils a standard by itself.
"""


class MarkError(Exception):
    """A mark that cannot be read. The text says where."""


@dataclass(frozen=True, order=True)
class Proof:
    """A test that proves something: its file, within tests/, and its name."""

    path: str
    name: str


def proofs(folder: Path = ROOT / "tests") -> dict[str, list[Proof]]:
    """Return the tests that carry each id, in order of their files. Raises MarkError."""
    found: dict[str, list[Proof]] = defaultdict(list)
    for path in sorted(folder.rglob("test_*.py")):
        for name, ids in marked(path.read_text(), str(path)):
            for each in ids:
                found[each].append(Proof(path.relative_to(folder).as_posix(), name))
    return dict(found)


def marked(source: str, where: str) -> Iterator[tuple[str, list[str]]]:
    """Yield each marked test of a module with its ids. Raises MarkError for a mark that marks no test."""
    tree = ast.parse(source)
    marks = {id(node) for node in ast.walk(tree) if _is_mark(node)}
    of_module: list[str] = []
    for node in tree.body:
        if isinstance(node, ast.Assign) and [ast.unparse(each) for each in node.targets] == ["pytestmark"]:
            of_module += _ids(ast.walk(node.value), marks, where)
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name.startswith("test_"):
            own = _ids(node.decorator_list, marks, where)
            if ids := [*of_module, *(each for each in own if each not in of_module)]:
                yield node.name, ids
    if marks:
        raise MarkError(f"{where}: a control mark that is on no test")


def _is_mark(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.control"


def _ids(nodes: Iterator[ast.AST] | list[ast.expr], marks: set[int], where: str) -> list[str]:
    """The ids of the marks among some nodes, which are taken off the list of marks not seen yet."""
    ids: list[str] = []
    for node in nodes:
        if not _is_mark(node):
            continue
        assert isinstance(node, ast.Call)
        marks.discard(id(node))
        given = [each.value for each in node.args if isinstance(each, ast.Constant)]
        if not node.args or node.keywords or len(given) != len(node.args):
            raise MarkError(f"{where}:{node.lineno}: a control mark takes ids in quotes")
        ids += map(str, given)
    return ids


def page() -> str:
    """Return the whole page."""
    found = proofs()
    lines = [_HEAD, "## Controls", ""]
    lines += ["| control | asked for by | checked by rules | proved by |", "|---|---|---|---|"]
    lines += [_row(each, found.get(each.control.id, [])) for each in ASSESSED]
    lines += ["", "## Reliability promises", "", "| promise | proved by |", "|---|---|"]
    lines += [f"| `{name}`<br>{said} | {_tests(found.get(name, []))} |" for name, said in PROMISES.items()]
    lines += ["", "## Not yet", ""]
    lines += [f"- `{name}`: {said}" for name, said in NOT_YET.items()]
    return "\n".join(lines) + "\n"


def _row(assessed: Assessed, tests: list[Proof]) -> str:
    control = assessed.control
    sources = "<br>".join(f"{standard}: {', '.join(ids)}" for standard, ids in control.sources.items())
    rules = ", ".join(f"`{name}`" for name in dict.fromkeys(assessed.rules))
    return f"| `{control.id}`<br>{control.title} | {sources or 'Corral'} | {rules} | {_tests(tests)} |"


def _tests(tests: list[Proof]) -> str:
    by_file: dict[str, list[str]] = defaultdict(list)
    for test in tests:
        by_file[test.path].append(test.name.removeprefix("test_").replace("_", " "))
    shown = (f"[{path}](../tests/{path}): {'; '.join(names)}" for path, names in by_file.items())
    return "<br>".join(shown) or "not yet"


if __name__ == "__main__":
    PAGE.write_text(page())
