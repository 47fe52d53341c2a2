"""Looks at what a platform is deployed as, beyond what one resource's properties show."""

from collections.abc import Iterable, Mapping
from typing import Any

from corral.audit.control import Evidence
from corral.audit.controls.look import Seen, counted, named, not_known, nothing, of_type
from corral.audit.facts import Facts
from corral.spec.platform import MIN_RETENTION_DAYS
from policies import harness_tools, runtime_network

_HARNESS = "aws-native:bedrockagentcore:Harness"
_RATE_LIMIT = "aws-native:bedrockagentcore:GatewayRateLimit"
_RECORD = "aws-native:agentregistry:RegistryRecord"
_TRAIL = "aws:cloudtrail/trail:Trail"
_OWN_COMPONENTS = ("corral:", "pulumi:")
_AGENTS = "#agents"  # an anchor of the report


def _platform(facts: Facts) -> Mapping[str, Any]:
    return facts.outputs[facts.environment.platform.environment]


def _deployed_agents(facts: Facts) -> dict[str, Mapping[str, Any]] | None:
    """What the teams' stacks tell of each agent, by team/agent; None when they were not asked."""
    name = facts.environment.platform.environment
    if any(f"{name}.{team}" not in facts.outputs for team in facts.environment.teams):
        return None
    return {
        f"{team}/{agent}": told
        for team in facts.environment.teams
        for agent, told in facts.outputs[f"{name}.{team}"]["agents"].items()
    }


def _resources_not_known(facts: Facts) -> Seen | None:
    if facts.resources:
        return None
    return not_known(facts.not_asked.get("resources", "which resources are deployed was not asked"))


def networks(facts: Facts) -> Seen:
    """Code of a model's making runs in a VPC, or nowhere: a harness outside one has no tool that runs any."""
    if unknown := _resources_not_known(facts):
        return unknown
    if any(each.type in runtime_network.RULE.types for each in facts.resources):
        return Seen()  # the rule says it all
    harnesses = list(of_type(facts, _HARNESS))
    outside = [each for each in harnesses if _network(each.inputs) != "VPC"]
    problems = [f"{named(each)}: {said}" for each in outside for said in harness_tools.check(each.inputs)]
    text = (
        f"{counted(outside, 'agent')} on AgentCore's own network, "
        "none with a shell, a browser or a code interpreter among its tools"
    )
    return Seen((Evidence(text),) if not problems else (), tuple(problems), applies=bool(problems))


def _network(harness: Mapping[str, Any]) -> str | None:
    environment = (harness.get("environment") or {}).get("agentCoreRuntimeEnvironment") or {}
    mode = (environment.get("networkConfiguration") or {}).get("networkMode")
    return None if mode is None else str(mode)


def alert_targets(facts: Facts) -> Seen:
    """Each rule of alerts has a target, with a queue for what it could not be sent."""
    if unknown := _resources_not_known(facts):
        return unknown
    rules = list(of_type(facts, "aws:cloudwatch/eventRule:EventRule"))
    targets = list(of_type(facts, "aws:cloudwatch/eventTarget:EventTarget"))
    if not rules:
        return Seen(problems=("no rule of alerts is deployed",))
    known = {str(each.inputs["rule"]) for each in targets}
    problems = [f"{named(each)} has no target" for each in rules if each.inputs["name"] not in known]
    problems += [
        f"{named(each)}: no deadLetterConfig" for each in targets if not each.inputs.get("deadLetterConfig")
    ]
    return Seen(
        (Evidence(f"{counted(rules, 'rule')} with a target and a queue of its dead letters"),),
        tuple(problems),
    )


def coverage(facts: Facts) -> Seen:
    """Each type that is deployed is one whose events the trail records: by a selector, or as a management event."""
    # Needs Pulumi, which takes a second to import.
    from components.trail_selectors import DATA_EVENTS, MANAGEMENT_ONLY

    if unknown := _resources_not_known(facts):
        return unknown
    recorded, management = set(), False
    for trail in of_type(facts, _TRAIL):
        for selector in trail.inputs.get("advancedEventSelectors") or ():
            values = {field["field"]: field.get("equals") or [] for field in selector["fieldSelectors"]}
            recorded |= set(values.get("resources.type", ()))
            management = management or "Management" in values.get("eventCategory", ())
    types = {each.type for each in facts.resources if not each.type.startswith(_OWN_COMPONENTS)}
    problems = [] if management else ["the trail records no management events"]
    for token in sorted(types):
        missing = [kind for kind in DATA_EVENTS.get(token, ()) if kind not in recorded]
        if missing:
            problems.append(f"{token} is deployed, and the trail does not select {', '.join(missing)}")
        elif token not in DATA_EVENTS and token not in MANAGEMENT_ONLY:
            problems.append(f"{token} is deployed, and it is not known what of it the trail records")
    text = (
        f"{counted(types, 'type')} deployed; management events and {counted(recorded, 'type')} of data events"
    )
    return Seen((Evidence(text),), tuple(problems))


def retention(facts: Facts) -> Seen:
    """Records and each log group are kept for as long as the law asks."""
    outputs = _platform(facts)
    kept = {"records": int(outputs["retention_days"])}
    kept |= {group: int(days) for group, days in outputs.get("log_groups", {}).items()}
    problems = [
        f"{what}: kept for {days} days; at least {MIN_RETENTION_DAYS}"
        for what, days in kept.items()
        if 0 < days < MIN_RETENTION_DAYS
    ]
    return Seen((Evidence(f"trail and decisions are kept for {kept['records']} days"),), tuple(problems))


def separate_key(facts: Facts) -> Seen:
    """Records are under a key of their own."""
    outputs = _platform(facts)
    if outputs["audit_key_arn"] == outputs["platform_key_arn"]:
        return Seen(problems=(f"records are under the platform's own key, {outputs['audit_key_arn']}",))
    return Seen((Evidence(f"records are under a key of their own, {outputs['audit_key_arn']}"),))


def pinned_tools(facts: Facts) -> Seen:
    """Schema and code of each tool that is deployed are those of the files."""
    from components.archive import code  # needs Pulumi, which takes a second to import

    deployed, files = _platform(facts)["tools"], facts.environment.tools
    problems = [
        f"{tool} is deployed, and is not in the catalogue" for tool in sorted(set(deployed) - set(files))
    ]
    problems += [
        f"{tool} is in the catalogue, and is not deployed" for tool in sorted(set(files) - set(deployed))
    ]
    for tool in sorted(set(files) & set(deployed)):
        digests = {
            "schema": (deployed[tool]["schema_sha256"], files[tool].schema_sha256),
            "code": (deployed[tool]["code_sha256"], code(facts.environment.root, files[tool].folder).sha256),
        }
        problems += [
            f"{tool}: the {what} that is deployed has the digest {there[:12]}…, the files have {here[:12]}…"
            for what, (there, here) in digests.items()
            if there != here
        ]
    text = f"{counted(deployed, 'tool')}, schema and code compared with the files by SHA-256"
    return Seen((Evidence(text),), tuple(problems))


def stops(facts: Facts) -> Seen:
    """The supervisor is asked before an invocation and before each tool call, and its silence is a no."""
    if unknown := _resources_not_known(facts):
        return unknown
    harnesses = list(of_type(facts, _HARNESS))
    if not harnesses:
        return nothing("no agent is deployed")
    supervisor = _platform(facts)["supervisor_arn"]
    problems = []
    for harness in harnesses:
        targets = {
            event: ((hook or {}).get("target") or {}).get("lambda") or {}
            for each in harness.inputs.get("hooks") or ()
            for event, hook in each.items()
        }
        for event in ("beforeInvocation", "beforeToolCall"):
            target = targets.get(event, {})
            if target.get("arn") != supervisor or target.get("failureMode") != "deny":
                problems.append(
                    f"{named(harness)}: {event} does not ask the supervisor, or goes on without it"
                )
    text = f"{counted(harnesses, 'agent')}: an override stops each before its next step"
    return Seen((Evidence(text, _AGENTS),), tuple(problems))


def rates(facts: Facts) -> Seen:
    """Each tool has a rate at the gateway."""
    if unknown := _resources_not_known(facts):
        return unknown
    limited = {
        str(entry.get("dimensions", {}).get("toolName", "")).rpartition("___")[2]
        for limit in of_type(facts, _RATE_LIMIT)
        for entry in limit.inputs.get("entries") or ()
    }
    deployed = _platform(facts)["tools"]
    problems = [f"{tool} has no rate limit at the gateway" for tool in sorted(set(deployed) - limited)]
    return Seen((Evidence(f"{counted(deployed, 'tool')} with a rate limit at the gateway"),), tuple(problems))


def approvals(facts: Facts) -> Seen:
    """Who is held back by a rule has people who may decide."""
    agents = [
        agent for team in facts.environment.agents.values() for agent in team.values() if agent.approval
    ]
    if not agents:
        return nothing("no agent has a call that a person decides")
    teams = {agent.team for agent in agents}
    problems = [
        f"{team}: calls of its agents wait for a person, and nobody may approve them"
        for team in sorted(teams)
        if not facts.environment.teams[team].members.approvers
    ]
    rules = sum(len(agent.approval) for agent in agents)
    text = f"{counted(agents, 'agent')} with {rules} rules of calls that wait for one of the team's approvers"
    return Seen((Evidence(text, _AGENTS),), tuple(problems))


def registered(facts: Facts) -> Seen:
    """The registry lists the agents and tools that are deployed, and no others but those retired."""
    if not facts.environment.has_registry:
        return nothing(f"{facts.environment.platform.region} has no agent registry")
    if unknown := _resources_not_known(facts):
        return unknown
    records = {each.inputs.get("name") for each in of_type(facts, _RECORD)}
    tools = {f"tools/{tool}" for tool in _platform(facts)["tools"]}
    agents = _deployed_agents(facts)
    if agents is None:
        return not_known("the teams' stacks were not asked")
    retired = {
        f"agents/{team}/{gone.name}"
        for team, spec in facts.environment.teams.items()
        for gone in spec.retired
    }
    there = tools | {f"agents/{agent}" for agent in agents}
    problems = [
        f"{name} is deployed, and the registry has no record of it" for name in sorted(there - records)
    ]
    problems += _surplus(records - there - retired)
    text = f"{counted(records, 'record')}: {counted(agents, 'agent')}, {counted(tools, 'tool')}, the rest retired"
    return Seen((Evidence(text, _AGENTS),), tuple(problems))


def _surplus(names: Iterable[Any]) -> list[str]:
    return [f"the registry has {name}, which is not deployed" for name in sorted(map(str, names))]


def known_agents(facts: Facts) -> Seen:
    """The agents that are deployed are those of the specification."""
    deployed = _deployed_agents(facts)
    if deployed is None:
        return not_known("the teams' stacks were not asked")
    wanted = {f"{team}/{name}" for team, agents in facts.environment.agents.items() for name in agents}
    problems = [f"{agent} is deployed, and no team has it" for agent in sorted(set(deployed) - wanted)]
    problems += [f"{agent} is specified, and not deployed" for agent in sorted(wanted - set(deployed))]
    unowned = [agent for agent, told in deployed.items() if not told.get("owner")]
    problems += [f"{agent} has no owner" for agent in sorted(unowned)]
    return Seen((Evidence(f"{counted(deployed, 'agent')}, each with an owner", _AGENTS),), tuple(problems))


def gaps(facts: Facts) -> Seen:
    """Each call that was allowed is on record at the supervisor and at the gateway."""
    if facts.verification is None:
        return not_known(facts.not_asked.get("verification", "the records were not verified"))
    matching = facts.verification.matching
    problems = [
        f"{gap.at}: {gap.kind} for {gap.tool} by {gap.caller}, record {gap.record_id}"
        for gap in matching.gaps
    ]
    text = f"{matching.matched} allowed calls on record at supervisor and gateway, {len(problems)} gaps"
    return Seen((Evidence(text, "#records"),), tuple(problems))
