"""A resolved agent: what is deployed, documented and played, with nothing left to look up."""

from dataclasses import dataclass
from pathlib import Path

from corral.spec.coded import ResolvedCode
from corral.spec.conditions import ApprovalRule, Condition
from corral.spec.judges import ResolvedJudge
from corral.spec.model import Owner
from corral.spec.platform import ModelSource, Price
from corral.spec.scenario import Scenario
from corral.spec.team import Canary, ParameterValue, Peak, SuspendOnAlarm
from corral.spec.template import GuardrailLevel, Template

__all__ = [
    "DEFAULT_LIMITS",
    "ApprovalRule",
    "AtSetTimes",
    "Condition",
    "ResolvedAgent",
    "ResolvedCode",
    "ResolvedJudge",
    "ResolvedLimits",
]

# What holds when neither team nor template says anything.
DEFAULT_LIMITS: dict[str, float | int] = {
    "cost_per_task_usd": 0.50,
    "max_iterations": 15,
    "max_output_tokens": 4096,
    "timeout_seconds": 120,
}


@dataclass(frozen=True)
class ResolvedLimits:
    """What one task of an agent may use: US dollars, model turns, tokens, seconds."""

    cost_per_task_usd: float
    max_iterations: int
    max_output_tokens: int
    timeout_seconds: int


@dataclass(frozen=True)
class AtSetTimes:
    """A message that an agent gets at set times: AWS's rate or cron expression in UTC, and the text."""

    expression: str
    message: str


@dataclass(frozen=True)
class ResolvedAgent:
    """An agent with nothing left to look up."""

    environment: str
    team: str
    name: str
    key: str  # what its names in Pulumi and on AWS follow from: the first name it was deployed under
    stage: str
    template: str  # with its full version, as in customer-support@1.0.0
    owner: Owner
    model_name: str
    model: ModelSource
    price: Price | None  # of its model, where the environment has a price table
    system_prompt: str
    parameters: dict[str, ParameterValue]  # optional ones without a value are left out
    tools: tuple[str, ...]
    approval: tuple[ApprovalRule, ...]
    domains: tuple[str, ...]  # the values of its parameters of type domain
    limits: ResolvedLimits
    peak: Peak
    suspend_on_alarm: SuspendOnAlarm | None
    canary: Canary | None
    guardrail: GuardrailLevel
    schedule: AtSetTimes | None
    scenarios: tuple[Scenario, ...]  # those that apply to it; texts unrendered
    judges: tuple[ResolvedJudge, ...]  # the template's own evaluators that are models
    coded: tuple[ResolvedCode, ...]  # and those that are code
    made_from: Template  # evaluators, drift, junctions and what it is for are the template's
    template_folder: Path
    origins: dict[str, str]  # "limits.max_iterations" -> "team", "template" or "platform default"
    places: dict[
        str, str
    ]  # "limits.max_iterations" -> "stacks/dev/teams/support.yaml:20"; none for our defaults
