"""corral render: one agent with nothing left to look up, and where each value comes from."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from corral.cli.project import ProjectOption, console, environment_of, find_project, resolved_agent

if TYPE_CHECKING:
    from corral.spec.resolve import ApprovalRule, ResolvedAgent


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
        "schedule": agent.schedule and asdict(agent.schedule),
        "scenarios": [scenario.model_dump(mode="json") for scenario in agent.scenarios],
        "made_from": agent.made_from.model_dump(mode="json"),
        "template_folder": agent.template_folder.name,
    }
    return json.loads(json.dumps(document))  # type: ignore[no-any-return]


def _show(agent: "ResolvedAgent") -> None:
    table = Table(
        "", "value", "from", title=f"{agent.team}/{agent.name} in {agent.environment}", title_justify="left"
    )
    for name, value, origin in _rows(agent):
        table.add_row(name, escape(value), f"[dim]{origin}[/dim]")
    console.print(table, highlight=False)
    console.print("\n[bold]System prompt[/bold]\n")
    console.print(agent.system_prompt, markup=False, highlight=False)


def _rows(agent: "ResolvedAgent") -> list[tuple[str, str, str]]:
    origins = agent.origins
    limits = asdict(agent.limits)
    return [
        ("owner", f"{agent.owner.name} <{agent.owner.email}>", "team"),
        ("stage", agent.stage, "team"),
        ("template", agent.template, "team"),
        ("model", f"{agent.model_name} ({agent.model.id})", origins["model"]),
        *(
            (f"parameters.{name}", str(value), origins[f"parameters.{name}"])
            for name, value in agent.parameters.items()
        ),
        ("tools", ", ".join(agent.tools) or "none", origins["tools"]),
        *(
            (f"approval[{i}]", _rule(rule), origins[f"approval[{i}]"])
            for i, rule in enumerate(agent.approval)
        ),
        *((f"limits.{name}", str(value), origins[f"limits.{name}"]) for name, value in limits.items()),
        ("domains", ", ".join(agent.domains) or "none", "parameters"),
        ("guardrail", agent.guardrail, origins["guardrail"]),
        ("schedule", f"{agent.schedule.expression} UTC" if agent.schedule else "none", "parameters"),
        ("evaluators", ", ".join(agent.made_from.evaluators) or "none", "template"),
        ("junctions", str(len(agent.made_from.junctions) or "none"), "template"),
        ("scenarios", ", ".join(scenario.name for scenario in agent.scenarios) or "none", "template"),
    ]


def _rule(rule: "ApprovalRule") -> str:
    conditions = " and ".join(f"{c.argument} {c.operator} {json.dumps(c.value)}" for c in rule.conditions)
    return f"{rule.tool} when {conditions}" if conditions else f"{rule.tool}, every call"
