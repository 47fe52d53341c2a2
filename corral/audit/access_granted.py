"""The paths that an environment's specification grants: what `corral up` sets out to make, and no more."""

from collections.abc import Iterator

from corral.audit.access_account import QUERY_RESULTS
from corral.audit.access_iam import Path
from corral.spec.approvers import deciders
from corral.spec.load import Environment
from corral.spec.names import agent_role_name, tool_function_name
from corral.spec.resolved import ResolvedAgent
from corral.spec.tool import Tool

_AGENTCORE = "bedrock-agentcore.amazonaws.com"


def granted(environment: Environment) -> set[Path]:
    """Return every path that the specification grants."""
    tools = {name: entry.spec for name, entry in environment.tools.items()}
    return {
        *_platform(environment, tools),
        *(path for team in environment.teams for path in _team(environment, team)),
        *(
            path
            for agents in environment.agents.values()
            for agent in agents.values()
            for path in _agent(agent, tools)
        ),
    }


def _name(environment: Environment, *parts: str) -> str:
    return "-".join(("corral", environment.platform.environment, *parts))


def _service(service: str, role: str) -> Path:
    return Path(f"service {service}.amazonaws.com", "become", f"role {role}")


def _platform(environment: Environment, tools: dict[str, Tool]) -> Iterator[Path]:
    gateway, supervisor = _name(environment, "gateway"), _name(environment, "supervisor")
    yield _service("bedrock-agentcore", gateway)
    yield Path(f"role {gateway}", "read", "gateway")  # it asks its policy engine about itself
    yield _service("lambda", supervisor)
    yield Path(f"service {_AGENTCORE}", "call", "function supervisor")  # the hooks
    written = (("approvals", ("read", "write")), ("tasks", ("read", "write")))
    for table, actions in (("agents", ("read",)), ("overrides", ("read",)), *written):
        for action in actions:
            yield Path(f"role {supervisor}", action, f"table {table}")
    approvals, schedule = _name(environment, "approvals"), _name(environment, "approvals-schedule")
    yield _service("lambda", approvals)
    for table, actions in (("agents", ("read",)), ("approvals", ("read", "write"))):
        for action in actions:
            yield Path(f"role {approvals}", action, f"table {table}")
    yield _service("scheduler", schedule)
    yield Path(f"role {schedule}", "call", "function approvals")
    yield from _override(environment)
    yield from _monitor(environment)
    yield from _records(environment)
    for name, tool in tools.items():
        yield Path(f"role {gateway}", "call", f"function {name}")
        yield from _tool(environment, name, tool)


def _override(environment: Environment) -> Iterator[Path]:
    function, operator = _name(environment, "override"), _name(environment, "operator")
    yield _service("lambda", function)
    yield Path("service events.amazonaws.com", "call", "function override")  # alarms that begin
    for measured in ("table agents", "table drift"):
        yield Path(f"role {function}", "read", measured)
    yield Path(f"role {function}", "write", "table drift")  # that a level was accepted
    for kept in ("overrides", "versions"):
        yield from (Path(f"role {function}", action, f"table {kept}") for action in ("read", "write"))
    moved = ("UpdateHarnessEndpoint", "UpdateAgentRuntimeEndpoint")  # to another version
    for agents in environment.agents.values():
        for agent in agents.values():
            for action in ("read", *(f"change (bedrock-agentcore:{each})" for each in moved)):
                yield Path(f"role {function}", action, f"agent {agent.team}/{agent.key}")
    for tool in environment.tools:
        yield from (
            Path(f"role {function}", action, f"function {tool}")
            for action in ("read", "change (lambda:UpdateAlias)")
        )
    for person in environment.platform.operators:
        yield Path(person, "become", f"role {operator}")
        yield from _calls(operator, "override")


def _monitor(environment: Environment) -> Iterator[Path]:
    monitor, schedule = _name(environment, "drift-monitor"), _name(environment, "drift-schedule")
    yield _service("lambda", monitor)
    for table, actions in (("agents", ("read",)), ("overrides", ("read",)), ("drift", ("read", "write"))):
        for action in actions:
            yield Path(f"role {monitor}", action, f"table {table}")
    yield _service("scheduler", schedule)
    yield Path(f"role {schedule}", "call", "function drift-monitor")


def _calls(role: str, function: str) -> Iterator[Path]:
    """Its address is looked up before it is called; whose agents the caller may decide on, the function knows."""
    yield from (Path(f"role {role}", action, f"function {function}") for action in ("read", "call by URL"))


def _records(environment: Environment) -> Iterator[Path]:
    trail, decisions = _name(environment, "trail-logs"), _name(environment, "decisions")
    yield _service("cloudtrail", trail)
    yield Path("service cloudtrail.amazonaws.com", "write", "audit")
    yield _service("firehose", decisions)
    yield Path(f"role {decisions}", "write", "audit")
    yield Path(f"role {decisions}", "read", "audit")  # what Firehose asks for to deliver
    auditor = _name(environment, "auditor")
    for person in environment.platform.auditors:
        yield Path(person, "become", f"role {auditor}")
        yield Path(f"role {auditor}", "read", "audit")
        yield from (Path(f"role {auditor}", action, "lake-results") for action in ("read", "write"))


def _tool(environment: Environment, name: str, tool: Tool) -> Iterator[Path]:
    role = tool_function_name(environment.platform.environment, name)
    yield _service("lambda", role)
    for need, table in (("table", f"tool-{name}"), ("idempotency", "idempotency")):
        if need in tool.needs:
            yield from (Path(f"role {role}", action, f"table {table}") for action in ("read", "write"))
    for domain in environment.domains.values():
        documents = "documents" in tool.needs and domain.documents is not None
        if documents or ("warehouse" in tool.needs and domain.tables):
            yield Path(f"role {role}", "read", f"domain {domain.domain}")
    if "warehouse" in tool.needs:
        yield from (Path(f"role {role}", action, QUERY_RESULTS) for action in ("read", "write"))
    if "reports" in tool.needs:
        yield from (Path(f"role {role}", "write", f"reports {team}") for team in environment.teams)


def _team(environment: Environment, team: str) -> Iterator[Path]:
    agents = environment.agents[team].values()
    operator, door = _name(environment, "team", team, "operator"), _name(environment, "front-door", team)
    for person in environment.teams[team].members.operators:
        yield Path(person, "become", f"role {operator}")
    yield Path(f"role {operator}", "call by URL", f"front door {team}")
    approver = _name(environment, "team", team, "approver")
    for person in deciders(environment.teams[team]):
        yield Path(person, "become", f"role {approver}")
    if deciders(environment.teams[team]):
        yield from _calls(approver, "approvals")
    yield from _calls(operator, "override")
    yield _service("lambda", door)
    yield from (Path(f"role {door}", action, f"table team-{team}-requests") for action in ("read", "write"))
    for agent in agents:
        yield Path(f"role {door}", "call", f"agent {team}/{agent.key}")
    yield _service("bedrock-agentcore", _name(environment, "team", team, "evaluation"))
    if any("reports" in environment.tools[tool].spec.needs for agent in agents for tool in agent.tools):
        yield Path(f"role {operator}", "read", f"reports {team}")
    if any(agent.schedule for agent in agents):
        schedules = _name(environment, "team", team, "schedules")
        yield _service("scheduler", schedules)
        yield Path(f"role {schedules}", "call", f"front door {team}")


def _agent(agent: ResolvedAgent, tools: dict[str, Tool]) -> Iterator[Path]:
    name = agent_role_name(agent.environment, agent.team, agent.key)
    role = f"role {name}"
    yield _service("bedrock-agentcore", name)
    yield Path(role, "call", "gateway")
    yield Path(role, "call", "function supervisor")
    yield from (Path(role, action, f"memory {agent.team}") for action in ("read", "write"))
    for tool in agent.tools:
        if tools[tool].domain_argument is not None:
            if not agent.domains:
                continue
            yield from (Path(role, f"call {tool} for", f"domain {domain}") for domain in agent.domains)
        if tools[tool].team_argument is not None:
            yield Path(role, f"call {tool} for", f"team {agent.team}")
        yield Path(role, "call", f"tool {tool}")
