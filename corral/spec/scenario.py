"""scenarios.yaml: conversations with a scripted model, and what must come of them.

The script says what a model would do, turn by turn; everything around the model is real. `say` and strings in
`input` are Jinja2, rendered in the turn: `parameters` is the agent's, `last` the latest tool's result,
`results` all of them.
"""

from typing import Any, Literal

from pydantic import Field, model_validator

from corral.spec.model import Document, Model
from corral.spec.names import ToolName

Decision = Literal["allowed", "denied-by-policy", "denied-by-supervisor", "failed"]
Stop = Literal["iterations", "output-tokens", "time", "supervisor"]
Case = Literal[
    "happy-path",
    "empty-knowledge",
    "tool-error",
    "tool-timeout",
    "denied-tool",
    "approval",
    "injection",
    "other-team",
    "cap",
]


class Instead(Model):
    """What a tool's function does in one call in place of its work. Gateway, Cedar and hooks see a real call."""

    returns: dict[str, Any] | None = Field(default=None, description="It answers this.")
    fails: Literal["error", "timeout", "throttled"] | None = None

    @model_validator(mode="after")
    def _one_thing(self) -> "Instead":
        if (self.returns is None) == (self.fails is None):
            raise ValueError("instead has either returns or fails")
        return self


class Turn(Model):
    """What the model does next: it calls a tool, or it answers."""

    tool: ToolName | None = None
    input: dict[str, Any] = {}
    say: str | None = None
    instead: Instead | None = None
    repeat: bool = Field(default=False, description="The model goes on with this call until it is stopped.")

    @model_validator(mode="after")
    def _one_thing(self) -> "Turn":
        if (self.tool is None) == (self.say is None):
            raise ValueError("a turn has either tool or say")
        if self.tool is None and (self.instead is not None or self.repeat):
            raise ValueError("instead and repeat are for a turn that calls a tool")
        return self


class ExpectedCall(Model):
    """A tool call that must have been made, and what was decided of it."""

    tool: ToolName
    decision: Decision


class Expectation(Model):
    """What must have happened."""

    calls: tuple[ExpectedCall, ...] = ()
    answer_contains: tuple[str, ...] = ()
    answer_lacks: tuple[str, ...] = ()
    blocked: Literal["input", "output"] | None = Field(default=None, description="By the guardrail.")
    stopped: Stop | None = Field(default=None, description="The cap that was reached, or the supervisor.")


class Scenario(Model):
    """One conversation: a person's message, the model's turns, what must come of it."""

    name: str = Field(pattern=r"^[a-z][a-z0-9-]*$", max_length=60)
    title: str = Field(min_length=1, max_length=100)
    case: Case | None = Field(default=None, description="Which of the cases that every template shows.")
    by: Literal["person", "schedule"] = Field(default="person", description="Who sends the message.")
    user: str = Field(min_length=1, description="The message. The scripted model finds its scenario by it.")
    model: tuple[Turn, ...]
    expect: Expectation


class Scenarios(Document):
    """The scenarios of a template."""

    scenarios: tuple[Scenario, ...] = Field(min_length=1)
