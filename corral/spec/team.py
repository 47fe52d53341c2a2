"""teams/<team>.yaml: a team, who is in it, and its agents."""

from datetime import date

from pydantic import Field

from corral.spec.conditions import WITHIN_MINUTES
from corral.spec.model import Document, Model, Owner
from corral.spec.names import AgentName, ModelName, ParameterName, TeamName, TemplateReference, ToolName
from corral.spec.rights import ApproverArn, PrincipalArn
from corral.spec.rights import Stage as Stage

ParameterValue = str | int | float | bool


class Cost(Model):
    """Who pays."""

    center: str = Field(min_length=1, max_length=64)
    monthly_budget_usd: float = Field(gt=0)


class Members(Model):
    """IAM principals of the team. Operators talk to its agents; approvers decide on held tool calls.

    An approver is one person to the platform, whoever may take the principal.
    """

    operators: tuple[PrincipalArn, ...] = Field(min_length=1)
    approvers: tuple[ApproverArn, ...] = ()


class Approval(Model):
    """A tool call that a person decides. Without `when`, every call of the tool."""

    tool: ToolName
    when: str | None = Field(
        default=None,
        max_length=200,
        description='Comparisons of arguments joined by "and": amount_cents > 5000',
    )
    within_minutes: int = Field(
        default=WITHIN_MINUTES,
        ge=10,
        le=7 * 24 * 60,
        description="How long a call waits for a decision and, once approved, to be made. Then it does not run.",
    )
    approvers: int = Field(default=1, ge=1, le=2, description="2: two different people must approve.")


class TeamApproval(Approval):
    """An approval of a team's own agent."""

    delegate: ApproverArn | None = Field(
        default=None,
        description="Is told once half of the time is over and nobody has decided, and may decide from then on.",
    )


class Limits(Model):
    """What one task may use. What a team leaves out comes from the template, then from the platform."""

    cost_per_task_usd: float | None = Field(default=None, gt=0, le=100)
    max_iterations: int | None = Field(default=None, ge=1, le=75)
    max_output_tokens: int | None = Field(default=None, ge=64, le=100_000)
    timeout_seconds: int | None = Field(default=None, ge=5, le=3600)


class Peak(Model):
    """The most that an agent is expected to be asked. The platform is sized for three times as much."""

    messages_per_minute: int = Field(default=20, ge=1, le=6000)
    seconds_per_message: int = Field(
        default=10, ge=1, le=900, description="What an answer usually takes, its tools included."
    )


class SuspendOnAlarm(Model):
    """The agent is suspended when its drift alarm begins, until a person resumes it."""

    cooldown_hours: int = Field(
        default=24,
        ge=1,
        le=7 * 24,
        description="How long after a person has resumed it no alarm suspends it again.",
    )


class Canary(Model):
    """A new version of the agent takes a share of its sessions until it is measured to be as good, or is not."""

    share: int = Field(default=10, ge=1, le=50, description="Percent of sessions that the new version takes.")
    hours: int = Field(default=24, ge=1, le=7 * 24, description="How long it is tried at least.")
    at_least: int = Field(
        default=50,
        ge=20,
        le=10_000,
        description="Tasks it must have had. Without them after three times `hours` it goes back.",
    )


class Agent(Model):
    """One agent, as a team writes it."""

    name: AgentName
    formerly: AgentName | None = Field(
        default=None,
        description="The name it was first deployed under. Names on AWS go on following from it.",
    )
    template: TemplateReference
    stage: Stage
    parameters: dict[ParameterName, ParameterValue] = {}
    model: ModelName | None = None
    tools: tuple[ToolName, ...] | None = Field(
        default=None, description="Absent: the template's default tools."
    )
    approval: tuple[TeamApproval, ...] = ()
    limits: Limits = Limits()
    expected_peak: Peak = Peak()
    suspend_on_alarm: SuspendOnAlarm | None = None
    canary: Canary | None = None

    @property
    def key(self) -> str:
        """What its names in Pulumi and on AWS follow from, which a new name leaves as they are."""
        return self.formerly or self.name


class Retired(Model):
    """What is left of an agent that is no more: its name is not given again, its record says so."""

    name: AgentName
    formerly: AgentName | None = None
    template: str = Field(min_length=1, max_length=80, description="With its version, as it last was.")
    since: date
    reason: str = Field(min_length=3, max_length=300)

    @property
    def key(self) -> str:
        """What its names in Pulumi and on AWS followed from."""
        return self.formerly or self.name


class Team(Document):
    """A team and its agents."""

    team: TeamName
    owner: Owner
    cost: Cost
    members: Members
    agents: tuple[Agent, ...] = ()
    retired: tuple[Retired, ...] = ()
