"""templates/agents/<name>/<version>/template.yaml: a template that teams stamp agents out of."""

from typing import Annotated, Literal

from pydantic import Discriminator, Field, StringConstraints, Tag, model_validator

from corral.spec.coded import CodeEvaluator
from corral.spec.judges import Judge, OwnEvaluator
from corral.spec.model import Document, Model, Owner
from corral.spec.names import ModelName, ParameterName, TemplateName, ToolName, Version
from corral.spec.team import Approval, Limits, ParameterValue

ParameterType = Literal["string", "integer", "number", "boolean", "choice", "domain", "table", "schedule"]
GuardrailLevel = Literal["standard", "strict"]
# AgentCore's own, of a trace or a session.
Evaluator = Literal[
    "Builtin.Helpfulness",
    "Builtin.Correctness",
    "Builtin.Faithfulness",
    "Builtin.Coherence",
    "Builtin.Conciseness",
    "Builtin.InstructionFollowing",
    "Builtin.ResponseRelevance",
    "Builtin.ContextRelevance",
    "Builtin.Refusal",
    "Builtin.Harmfulness",
    "Builtin.Stereotyping",
    "Builtin.ToolSelectionAccuracy",
    "Builtin.ToolParameterAccuracy",
    "Builtin.GoalSuccessRate",
]


def _kind(entry: object) -> str:
    """Which of the three an entry is meant to be, so that an error speaks of that one only."""
    if isinstance(entry, CodeEvaluator) or (isinstance(entry, dict) and "code" in entry):
        return "<code>"
    return "<judge>" if isinstance(entry, dict | Judge) else "<builtin>"


AnyEvaluator = Annotated[
    Annotated[Evaluator, Tag("<builtin>")]
    | Annotated[Judge, Tag("<judge>")]
    | Annotated[CodeEvaluator, Tag("<code>")],
    Discriminator(_kind),
]
Sentence = Annotated[str, StringConstraints(min_length=3, max_length=300)]
MAX_TEXT = 2000


class Parameter(Model):
    """A typed parameter. `domain` names a data domain that the team may read, `table` a table of such a domain."""

    type: ParameterType
    help: str = Field(min_length=1)
    default: ParameterValue | None = Field(
        default=None, description="Absent: the team must give a value, unless the parameter is optional."
    )
    optional: bool = Field(
        default=False, description="May be left out without a default: the prompt then sees none."
    )
    choices: tuple[str, ...] | None = Field(default=None, min_length=1)
    pattern: str | None = None
    max_length: int = Field(default=200, ge=1, le=MAX_TEXT)
    minimum: float | None = None
    maximum: float | None = None
    holds: Literal["documents", "tables"] | None = Field(
        default=None, description="What the domain must hold; for a parameter of type domain."
    )

    @model_validator(mode="after")
    def _choices_with_choice(self) -> "Parameter":
        if (self.type == "choice") != (self.choices is not None):
            raise ValueError("choices are for a parameter of type choice, which needs them")
        if self.holds is not None and self.type != "domain":
            raise ValueError("holds is for a parameter of type domain")
        return self


class Drift(Model):
    """How far a measure may leave its baseline before its owner is told, each as a share of the baseline."""

    accuracy: float | None = Field(default=None, gt=0, le=1)
    context_relevance: float | None = Field(default=None, gt=0, le=1)
    cost_per_task: float | None = Field(default=None, gt=0, le=10)
    journey_completion: float | None = Field(default=None, gt=0, le=1)


class Junction(Model):
    """A point at which a person takes over or decides."""

    when: Sentence
    who: Sentence
    what: Sentence


class Schedule(Model):
    """The message an agent gets at set times, as if a person of its team had sent it."""

    parameter: ParameterName = Field(description="The parameter of type schedule that says when.")
    message: str = Field(min_length=1, max_length=1000)


class Upgrade(Model):
    """How an agent of the major version before becomes one of this."""

    renamed: dict[ParameterName, ParameterName] = Field(default={}, description="Former name: name now.")
    removed: tuple[ParameterName, ...] = ()
    values: dict[ParameterName, dict[str, ParameterValue]] = Field(
        default={}, description="By the name now: former value: value now."
    )
    notes: tuple[Sentence, ...] = Field(default=(), description="What a team should know before it moves.")


class Template(Document):
    """An agent template: its parameters, and what an agent of it has unless the team says otherwise."""

    template: TemplateName
    version: Version
    summary: str = Field(min_length=10, max_length=200)
    use_when: tuple[Sentence, ...] = ()
    not_when: tuple[Sentence, ...] = ()
    owner: Owner
    parameters: dict[ParameterName, Parameter] = {}
    tools: tuple[ToolName, ...] = ()
    only_tools: tuple[ToolName, ...] | None = Field(
        default=None, description="The only tools its agents may have. Absent: any of the catalogue."
    )
    model: ModelName | None = None
    approval: tuple[Approval, ...] = ()
    limits: Limits = Limits()
    guardrail: GuardrailLevel = "standard"
    evaluators: tuple[AnyEvaluator, ...] = Field(
        default=(), max_length=20, description="AWS's own by name, a model as a judge, or code."
    )
    drift: Drift = Drift()
    junctions: tuple[Junction, ...] = ()
    schedule: Schedule | None = None
    upgrade: Upgrade | None = Field(default=None, description="From the major version before this one.")

    @property
    def judges(self) -> tuple[Judge, ...]:
        """Its own evaluators that are models."""
        return tuple(each for each in self.evaluators if isinstance(each, Judge))

    @property
    def coded(self) -> tuple[CodeEvaluator, ...]:
        """Its own evaluators that are code."""
        return tuple(each for each in self.evaluators if isinstance(each, CodeEvaluator))

    @property
    def builtin(self) -> tuple[Evaluator, ...]:
        """AWS's evaluators that it names."""
        return tuple(each for each in self.evaluators if not isinstance(each, OwnEvaluator))

    @property
    def evaluator_names(self) -> tuple[str, ...]:
        """The names of all its evaluators, as they come."""
        return tuple(each.name if isinstance(each, OwnEvaluator) else each for each in self.evaluators)
