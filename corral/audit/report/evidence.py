"""What an auditor reads from the stacks' outputs: each thing with its name, as the stacks export it."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from corral.audit.facts import Facts

_LISTED = ("agents", "tools", "waivers")  # which have tables of their own in the report


@dataclass(frozen=True)
class Item:
    """One line of evidence: the output it is read from, and its value. Of several values, one a line."""

    title: str
    output: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Group:
    """Evidence of one kind."""

    title: str
    items: tuple[Item, ...]


def evidence(facts: Facts) -> list[Group]:
    """Return what the platform's outputs tell of records, keys, policies and saved queries."""
    name = facts.environment.platform.environment
    outputs = facts.outputs[name]
    groups = [
        Group(
            "Records",
            (
                _item("Trail", "trail_arn", outputs),
                _pairs(
                    "What the trail records, each selector with its digest", "trail_selectors_sha256", outputs
                ),
                _item("Bucket of trail and decision records", "audit_bucket", outputs),
                _item("Object Lock's mode", "lock_mode", outputs),
                _item("Days that records are locked", "retention_days", outputs),
                _item("Stream of decisions", "decisions_stream_arn", outputs),
                _pairs("Log groups, and the days they are kept", "log_groups", outputs),
            ),
        ),
        Group(
            "Questions to the records",
            (
                _item("Auditors' role", "auditor_role_arn", outputs),
                _item("Athena workgroup", "audit_workgroup", outputs),
                _item("Database", "audit_database", outputs),
                _pairs("Saved queries, each with its id", "audit_queries", outputs),
            ),
        ),
        Group(
            "Keys",
            (
                _item("What the platform keeps", "platform_key_arn", outputs),
                _item("Trail and decisions", "audit_key_arn", outputs),
                *_teams("What team {team} keeps", "team_key_arn", facts),
            ),
        ),
        Group(
            "Limits of access",
            (
                _item("Gateway of all tools", "gateway_arn", outputs),
                _item("Policy engine", "policy_engine_arn", outputs),
                _item("Its mode", "policy_engine_mode", outputs),
                _item("Guardrail", "guardrail_id", outputs),
                _item("Its version", "guardrail_version", outputs),
                _item("Strict guardrail", "guardrail_strict_id", outputs),
                _item("Its version", "guardrail_strict_version", outputs),
                _item("Permissions boundary of the platform", "boundary_arn", outputs),
                _item("Permissions boundary of the teams", "team_boundary_arn", outputs),
                _item("Registry of agents and tools", "registry_arn", outputs),
            ),
        ),
        Group("People who decide", tuple(_decisions(facts))),
    ]
    return [Group(group.title, tuple(item for item in group.items if item.values)) for group in groups]


def exported(facts: Facts) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Yield each stack with all else that it exports, each output as a text. What is listed elsewhere is left out."""
    listed = {item.output for group in evidence(facts) for item in group.items}
    for stack, outputs in sorted(facts.outputs.items()):
        yield (
            stack,
            [
                (name, _text(value))
                for name, value in sorted(outputs.items())
                if name not in _LISTED and name not in listed
            ],
        )


def _item(title: str, output: str, outputs: Mapping[str, Any]) -> Item:
    value = outputs.get(output)
    return Item(title, output, () if value is None else (_text(value),))


def _pairs(title: str, output: str, outputs: Mapping[str, Any]) -> Item:
    """A mapping, each of its pairs a value."""
    found = outputs.get(output) or {}
    return Item(title, output, tuple(f"{key}: {_text(value)}" for key, value in sorted(found.items())))


def _teams(title: str, output: str, facts: Facts) -> Iterator[Item]:
    name = facts.environment.platform.environment
    for team in sorted(facts.environment.teams):
        yield _item(title.format(team=team), output, facts.outputs.get(f"{name}.{team}", {}))


def _decisions(facts: Facts) -> Iterator[Item]:
    """Who may approve which calls, as each team's stack says it is deployed."""
    name = facts.environment.platform.environment
    for team in sorted(facts.environment.teams):
        told = facts.outputs.get(f"{name}.{team}", {}).get("approvers") or {}
        rules = tuple(f"{agent}: {_rule(rule)}" for agent, each in sorted(told.items()) for rule in each)
        yield Item(f"Which calls of team {team} wait, and for whom", "approvers", rules)


def _rule(rule: Mapping[str, Any]) -> str:
    """A rule in words; numbers come out of Pulumi as floats."""
    who = ", ".join(rule["by"]) or "nobody"
    many = f"{int(rule['approvers'])} of {who}" if int(rule["approvers"]) > 1 else who
    later = f"; also {rule['delegate']} in the second half of that time" if rule.get("delegate") else ""
    return f"{rule['tool']}, {rule['when']}: {many}, within {int(rule['within_minutes'])} minutes{later}"


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # as numbers come out of Pulumi
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
