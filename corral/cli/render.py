"""corral render: one agent with nothing left to look up, and where each value comes from."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich import box
from rich.markup import escape
from rich.table import Table

from corral.cli.project import ProjectOption, console, environment_of, find_project, resolved_agent

if TYPE_CHECKING:
    from corral.spec.resolved import ResolvedAgent


def command(
    env: Annotated[str, typer.Argument(help="The environment: a folder of stacks/.")],
    agent: Annotated[str, typer.Argument(metavar="TEAM/AGENT")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document instead of a table.")] = False,
    project: ProjectOption = None,
) -> None:
    """Show an agent as it is deployed: prompt, tools, approval, limits, each with its origin."""
    resolved = resolved_agent(environment_of(find_project(project), env), agent)
    if as_json:
        typer.echo(json.dumps(_as_json(resolved), indent=2, ensure_ascii=False))
    else:
        _show(resolved)


def _as_json(agent: "ResolvedAgent") -> dict[str, Any]:
    document = {
        **vars(agent),
        "owner": agent.owner.model_dump(mode="json"),
        "model": agent.model.model_dump(mode="json"),
        "approval": [asdict(rule) for rule in agent.approval],
        "limits": asdict(agent.limits),
        "peak": agent.peak.model_dump(mode="json"),
        "schedule": agent.schedule and asdict(agent.schedule),
        "scenarios": [scenario.model_dump(mode="json") for scenario in agent.scenarios],
        "made_from": agent.made_from.model_dump(mode="json"),
        "template_folder": agent.template_folder.name,
    }
    return json.loads(json.dumps(document))  # type: ignore[no-any-return]


def _show(agent: "ResolvedAgent") -> None:
    table = Table(
        title=f"{agent.team}/{agent.name} in {agent.environment}", title_justify="left", box=box.SIMPLE
    )
    for column in ("", "value", "from"):
        table.add_column(column, overflow="fold")  # a place is whole in a narrow terminal, too
    for name, value, origin in _rows(agent):
        table.add_row(name, escape(value), f"[dim]{origin}[/dim]")
    console.print(table, highlight=False)
    console.print("\n[bold]System prompt[/bold]\n")
    console.print(agent.system_prompt, markup=False, highlight=False)


def _rows(agent: "ResolvedAgent") -> list[tuple[str, str, str]]:
    values = {
        "owner": f"{agent.owner.name} <{agent.owner.email}>",
        "stage": agent.stage,
        "template": agent.template,
        "model": f"{agent.model_name} ({agent.model.id})",
        **{f"parameters.{name}": str(value) for name, value in agent.parameters.items()},
        "tools": ", ".join(agent.tools) or "none",
        **{f"approval[{index}]": rule.text for index, rule in enumerate(agent.approval)},
        **{f"limits.{name}": str(value) for name, value in asdict(agent.limits).items()},
        "domains": ", ".join(agent.domains) or "none",
        "guardrail": agent.guardrail,
        "schedule": f"{agent.schedule.expression} UTC" if agent.schedule else "none",
        "evaluators": ", ".join(agent.made_from.evaluator_names) or "none",
        "junctions": str(len(agent.made_from.junctions) or "none"),
        "scenarios": ", ".join(scenario.name for scenario in agent.scenarios) or "none",
    }
    return [(name, value, _origin(agent, name)) for name, value in values.items()]


def _origin(agent: "ResolvedAgent", name: str) -> str:
    """Who says so, and on which line of which file."""
    return " ".join(filter(None, (agent.origins.get(name, "parameters"), agent.places.get(name))))
