"""What the screen shows after a local run: resources, outputs, journeys, trail records; or what stopped it."""

import json
from collections import Counter
from typing import Any

from rich.markup import escape
from rich.panel import Panel
from rich.table import Table
from rich.tree import Tree

from corral.cli import show_journeys
from corral.cli.project import console
from corral.local.engine import Resource, StackResult
from corral.local.engine.model import SECRET
from corral.scenarios.journey import Journey
from corral.scenarios.journey import as_json as journey_json
from corral.spec.load import Environment

_SHOWN_OUTPUTS = (
    "gateway_url",
    "policy_engine_mode",
    "guardrail_version",
    "trail_arn",
    "audit_bucket",
    "lock_mode",
    "retention_days",
    "auditor_role_arn",
)


# A role's name says what it is. The order is a request's way through.
_ORDER = ("team", "front door", "agent", "supervisor", "gateway", "tool")
_DEPTH = 2  # of components shown: a stack's whole and its parts


def resource_rows(results: dict[str, StackResult]) -> list[dict[str, Any]]:
    """Every resource of every stack, flat, for files and scripts."""
    return [
        {"stack": stack, "urn": resource.urn, "type": resource.type, "name": resource.name, "id": resource.id}
        for stack, result in results.items()
        for resource in result.resources
    ]


def as_json(
    results: dict[str, StackResult], journeys: list[Journey], records: list[dict[str, Any]]
) -> dict[str, Any]:
    """The whole run for scripts."""
    return {
        "stacks": {
            stack: {"outputs": _shown(result), "warnings": result.warnings, "deprecated": result.deprecated}
            for stack, result in results.items()
        },
        "resources": resource_rows(results),
        "journeys": [journey_json(played) for played in journeys],
        "trail": records,
    }


def errors(results: dict[str, StackResult], as_json: bool) -> None:
    """What stopped the run, stack by stack, each with its resource and program line."""
    if as_json:
        said = {
            stack: [str(error) for error in result.errors]
            for stack, result in results.items()
            if not result.ok
        }
        console.print_json(json.dumps({"errors": said}))
        return
    for stack, result in results.items():
        if result.errors:
            console.print(f"[red]{stack} was not deployed[/red]: {len(result.errors)} error(s)")
            for error in result.errors:
                console.print(f"  [red]✗[/red] {escape(str(error))}", highlight=False)
            if result.skipped:
                console.print(
                    f"  [dim]{len(result.skipped)} resources that depend on these were not tried[/dim]"
                )
    console.print("Nothing is left of this run: the local AWS it used is gone.")


def report(
    environment: Environment,
    results: dict[str, StackResult],
    journeys: list[Journey],
    records: list[dict[str, Any]],
    *,
    seconds: float,
    verbose: bool,
    served: bool,
) -> None:
    """The screen after a run."""
    name = environment.platform.environment
    for result in results.values():
        console.print(_tree(result, verbose))
    console.print(_outputs(_shown(results[name]), verbose))
    console.print(*show_journeys.lines(journeys, verbose), sep="\n", highlight=False)
    console.print()
    console.print(_trail(name, records))
    _close(environment, results, journeys, records, seconds, served)


def _shown(result: StackResult) -> dict[str, Any]:
    """A stack's outputs without its secrets, as Pulumi shows them."""
    return {key: SECRET if key in result.secret_outputs else value for key, value in result.outputs.items()}


def _tree(result: StackResult, verbose: bool) -> Tree:
    """Components with how many resources each holds; every resource with `verbose`."""
    children: dict[str | None, list[Resource]] = {}
    for resource in result.resources:
        children.setdefault(resource.parent, []).append(resource)
    known = {resource.urn for resource in result.resources}
    roots = [resource for parent, group in children.items() if parent not in known for resource in group]
    tree = Tree(f"[bold]{result.stack}[/bold]  {sum(1 for r in result.resources if _is_real(r))} resources")

    def add(branch: Tree, resource: Resource, depth: int = 1) -> None:
        below = children.get(resource.urn, [])
        inside = _count(resource, children)
        if not _is_real(resource):
            short = resource.type.rsplit(":", 1)[-1]
            branch = branch.add(f"{escape(resource.name)}  [dim]{short} {inside}[/dim]")
            for child in below:
                if verbose or (depth < _DEPTH and not _is_real(child)):
                    add(branch, child, depth + 1)
        elif verbose:
            branch = branch.add(f"{escape(resource.name)}  [dim]{resource.type}[/dim]")
            for child in below:
                add(branch, child, depth + 1)

    for resource in roots:
        add(tree, resource)
    return tree


def _is_real(resource: Resource) -> bool:
    return not resource.type.startswith(("corral:", "pulumi:"))


def _count(resource: Resource, children: dict[str | None, list[Resource]]) -> int:
    below = children.get(resource.urn, [])
    return sum(_is_real(child) + _count(child, children) for child in below)


def _outputs(outputs: dict[str, Any], verbose: bool) -> Panel:
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")  # whole in a narrow terminal too: they are there to be copied
    for key in sorted(outputs) if verbose else _SHOWN_OUTPUTS:
        table.add_row(f"[dim]{key}[/dim]", escape(str(outputs.get(key))))
    if not verbose:
        table.add_row(
            "[dim]tools[/dim]", ", ".join(f"{n} {t['version']}" for n, t in outputs["tools"].items())
        )
    return Panel(table, title="outputs of the platform", title_align="left", border_style="dim")


def _trail(environment: str, records: list[dict[str, Any]]) -> Table:
    """Data events of the platform's own roles, by kind of caller: what was called, how often, how often refused."""
    seen: Counter[tuple[str, str, str]] = Counter()
    refused: Counter[tuple[str, str, str]] = Counter()
    for record in records:
        caller = _caller(environment, record)
        if record["eventCategory"] == "Data" and caller:
            call = f"{record['eventSource'].partition('.')[0]}:{record['eventName']}"
            key = (caller, call, _of(record))
            seen[key] += 1
            refused[key] += "errorCode" in record
    table = Table(
        title="CloudTrail: data events in the audit bucket",
        title_justify="left",
        box=None,
        title_style="bold",
    )
    for column in ("called by", "call", "of"):
        table.add_column(column, no_wrap=True)
    for column in ("records", "refused"):
        table.add_column(column, justify="right", min_width=len(column))
    for key, count in sorted(seen.items(), key=lambda item: (_ORDER.index(item[0][0]), item[0][1:])):
        table.add_row(*map(escape, key), str(count), str(refused[key] or ""))
    return table


def _caller(environment: str, record: dict[str, Any]) -> str:
    """What kind of role of ours called, empty for anyone else."""
    arn = str(record["userIdentity"].get("arn"))
    role = arn.rpartition(":assumed-role/")[2].partition("/")[0].removeprefix(f"corral-{environment}-")
    if role == arn or ":assumed-role/" not in arn:
        return ""
    return next((kind for kind in _ORDER if role.startswith(kind.replace(" ", "-"))), "")


def _of(record: dict[str, Any]) -> str:
    """The tool of a gateway call, `(handshake)` for what an MCP client says before it, else the kind of resource."""
    body = (record.get("requestParameters") or {}).get("body") or {}
    if tool := (body.get("params") or {}).get("name"):
        return str(tool).rpartition("___")[2]
    kind = str(next((r["type"] for r in record.get("resources") or []), ""))
    return str((body.get("method") and "(handshake)") or kind.rpartition("::")[2])


def _close(
    environment: Environment,
    results: dict[str, StackResult],
    journeys: list[Journey],
    records: list[dict[str, Any]],
    seconds: float,
    served: bool,
) -> None:
    name = environment.platform.environment
    decisions = Counter(
        call.decision for played in journeys if played.answer for call in played.answer.tool_calls
    )
    resources = sum(1 for row in resource_rows(results) if not row["type"].startswith(("corral:", "pulumi:")))
    wrong = sum(1 for played in journeys if played.problems)
    console.print(
        f"\n[bold]{name}[/bold]: {resources} resources in {len(results)} stacks, {len(journeys)} journeys, "
        + ", ".join(f"{count} tool calls {decision}" for decision, count in sorted(decisions.items()))
        + f", {len(records)} trail records, {seconds:.1f} s"
        + (f", [red]{wrong} not as expected[/red]" if wrong else "")
    )
    for stack, result in results.items():
        if result.deprecated:
            console.print(
                f"Deprecated in the registry: {escape(', '.join(result.deprecated))}", highlight=False
            )
        for warning in result.warnings:
            console.print(f"[yellow]warning[/yellow] {stack}: {escape(warning)}", highlight=False)
    for notice in environment.notices:
        console.print(f"[yellow]notice[/yellow] {escape(str(notice))}")
    console.print(
        "[dim]The model was scripted by each template's scenarios.yaml; everything around it was real.[/dim]"
    )
    agent = next((f"{played.team}/{played.agent}" for played in journeys), "TEAM/AGENT")
    console.print(
        f"Where to look next: every resource in .corral/{name}-resources.json · corral render {name} {agent}"
    )
    if served:
        bucket = results[name].outputs["audit_bucket"]
        console.print(
            f"corral invoke {name} TEAM/AGENT TEXT --local · aws s3 ls s3://{bucket} --recursive · Ctrl-C stops it"
        )
    else:
        console.print(
            f"corral up {name} --local --serve keeps it up for the aws CLI, boto3 and MCP clients (docs/local-aws.md)"
        )
