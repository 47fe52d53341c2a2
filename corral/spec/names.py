"""Names: which ones a spec may use, and the AWS names that follow from them.

A name is written once, in YAML; what AWS sees is derived here, so that no two parts of the kit disagree.
Length limits are those of botocore's service models (harness 40, policy 48, IAM role 64, gateway target 100).
"""

from typing import Annotated

from pydantic import Field, StringConstraints

_SLUG = r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$"

EnvironmentName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*$", min_length=2, max_length=8)]
TeamName = Annotated[str, StringConstraints(pattern=_SLUG, min_length=2, max_length=16)]
AgentName = Annotated[str, StringConstraints(pattern=_SLUG, min_length=2, max_length=20)]
ToolName = Annotated[str, StringConstraints(pattern=_SLUG, min_length=2, max_length=26)]
DomainName = Annotated[str, StringConstraints(pattern=_SLUG, min_length=2, max_length=32)]
ModelName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9.-]*$", max_length=32)]
ParameterName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]
TemplateName = Annotated[str, StringConstraints(pattern=_SLUG, min_length=2, max_length=40)]
TemplateReference = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z][a-z0-9-]*@[1-9][0-9]*$"),
    Field(description="A template and the major version it is pinned to, as in customer-support@1."),
]
JudgeName = Annotated[str, StringConstraints(pattern=_SLUG, min_length=2, max_length=15)]
Version = Annotated[str, StringConstraints(pattern=r"^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)$")]

MAX_HARNESS_NAME = 40
MAX_POLICY_NAME = 48
MAX_ROLE_NAME = 64
MAX_FUNCTION_NAME = 64  # no tool's can be longer, nor its entry below: the limits of names see to it
MAX_ALLOWED_TOOL = 64  # a harness refuses a longer allowedTools entry

GATEWAY_TOOL = "tools"  # what a harness calls the gateway in its own list of tools
ENDPOINT = "live"  # the harness endpoint and function alias that callers use
CANARY = "canary"  # the harness endpoint that a share of sessions uses, of agents that have one


def mcp_tool_name(tool: str) -> str:
    """The name under which the gateway lists a tool: `<target>___<tool>`, target and tool being one here."""
    return f"{tool}___{tool}"


def allowed_tool(tool: str) -> str:
    """The allowedTools entry of a harness that lets it call one gateway tool."""
    return f"@{GATEWAY_TOOL}/{mcp_tool_name(tool)}"


def harness_name(environment: str, team: str, agent: str) -> str:
    """A harness's name, which allows letters, digits and underscores only."""
    return f"{environment}_{team}_{agent}".replace("-", "_")


def policy_name(environment: str, team: str, agent: str) -> str:
    """The name of an agent's Cedar policy in the policy engine."""
    return f"{environment}_{team}_{agent}".replace("-", "_")


def judge_name(environment: str, team: str, judge: str, digest: str) -> str:
    """The AWS name of a team's evaluator: 48 letters, digits and underscores at most.

    What it scores by is in the name: AWS lets nobody change an evaluator in use, so another wording is another one.
    """
    return f"{environment}_{team}_{judge}_{digest}".replace("-", "_")


def evaluator_function_name(environment: str, team: str, evaluator: str, digest: str) -> str:
    """The function, and its role, behind an evaluator that is code: 60 characters at most.

    The underscore ends the team's name: no team's has one, so a team's functions are told by how their names begin.
    """
    return f"corral-{environment}-eval-{team}_{evaluator}_{digest}"


def agent_role_name(environment: str, team: str, agent: str) -> str:
    """The IAM role an agent acts as; its Cedar policy names this role."""
    return f"corral-{environment}-agent-{team}-{agent}"


def tool_function_name(environment: str, tool: str) -> str:
    """The Lambda function behind a tool, and the role it runs as."""
    return f"corral-{environment}-tool-{tool}"


def operator_role_name(environment: str, team: str | None) -> str:
    """The role of a team's operators, or of the platform's own."""
    return f"corral-{environment}-operator" if team is None else f"corral-{environment}-team-{team}-operator"


def drift_alarm_name(environment: str, team: str, agent: str) -> str:
    """Return the name of an agent's drift alarm; `agent` is its key."""
    return f"corral-{environment}/{team}/{agent}/drift"


def dashboard_name(environment: str, team: str | None) -> str:
    """The CloudWatch dashboard of a team, or of the platform."""
    return f"corral-{environment}-platform" if team is None else f"corral-{environment}-team-{team}"


def drift_table_name(environment: str) -> str:
    """The DynamoDB table of what the drift monitor keeps."""
    return f"corral-{environment}-drift"


def override_function_name(environment: str) -> str:
    """The function that suspends and resumes agents."""
    return f"corral-{environment}-override"


def audit_database(environment: str) -> str:
    """The Glue database of the audit records: outside what begins like those of data domains, which tools may read."""
    return f"audit_corral_{environment}"


def audit_workgroup(environment: str) -> str:
    """The Athena workgroup in which auditors query the records."""
    return f"corral-{environment}-audit"


def tool_module(tool: str) -> str:
    """The folder of a tool under functions/tools, which is a Python module's name."""
    return tool.replace("-", "_")


def role_path(environment: str, owner: str) -> str:
    """The IAM path of roles owned by a team, or by `platform`."""
    return f"/corral/{environment}/{owner}/"


def bootstrap_path(environment: str) -> str:
    """Return the IAM path of what an account's bootstrap makes, and no deployer may change."""
    return f"/corral-bootstrap/{environment}/"
