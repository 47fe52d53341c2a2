"""The readable difference of two resolved agents: what it may do, what holds it back, what it is told."""

import difflib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from corral.spec.resolved import ResolvedAgent


@dataclass(frozen=True)
class Difference:
    """One field of an agent, before and after."""

    field: str
    before: str
    after: str


def differences(before: ResolvedAgent, after: ResolvedAgent) -> list[Difference]:
    """Each field that differs; the prompt has a difference of its own."""
    old, new = dict(_fields(before)), dict(_fields(after))
    return [
        Difference(name, old.get(name, "none"), new.get(name, "none"))
        for name in dict.fromkeys([*old, *new])
        if old.get(name) != new.get(name)
    ]


def prompt_difference(before: ResolvedAgent, after: ResolvedAgent) -> list[str]:
    """The lines of the system prompt that come and go."""
    return list(
        difflib.unified_diff(
            before.system_prompt.splitlines(),
            after.system_prompt.splitlines(),
            f"prompt of {before.template}",
            f"prompt of {after.template}",
            lineterm="",
        )
    )


def _fields(agent: ResolvedAgent) -> Iterator[tuple[str, str]]:
    made_from = agent.made_from
    yield "template", agent.template
    yield "model", agent.model_name
    for name, value in agent.parameters.items():
        yield f"parameters.{name}", json.dumps(value, ensure_ascii=False)
    yield "tools", _listed(agent.tools)
    yield "approval", "; ".join(sorted(rule.text for rule in agent.approval)) or "none"
    yield "domains", _listed(agent.domains)
    for name, value in asdict(agent.limits).items():
        yield f"limits.{name}", f"{value:g}"
    yield "guardrail", agent.guardrail
    yield "schedule", agent.schedule.expression if agent.schedule else "none"
    yield "evaluators", _listed(made_from.evaluator_names)
    for judge in made_from.judges:
        yield f"evaluators.{judge.name}", judge.text
    for each in agent.coded:
        yield f"evaluators.{each.spec.name}", each.text
    for name, value in made_from.drift.model_dump(exclude_none=True).items():
        yield f"drift.{name}", f"{value:g}"
    yield "junctions", "; ".join(f"{j.when}: {j.who} {j.what}" for j in made_from.junctions) or "none"
    yield "scenarios", _listed(scenario.name for scenario in agent.scenarios)


def _listed(names: Any) -> str:
    return ", ".join(names) or "none"
