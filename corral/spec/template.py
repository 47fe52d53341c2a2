"""templates/agents/<name>/<version>/template.yaml: a template that teams stamp agents out of."""

from typing import Literal

from pydantic import Field, model_validator

from corral.spec.model import Document, Model, Owner
from corral.spec.names import ModelName, ParameterName, TemplateName, ToolName, Version
from corral.spec.team import Approval, Limits, ParameterValue

ParameterType = Literal["string", "integer", "number", "boolean", "choice", "domain"]
MAX_TEXT = 2000


class Parameter(Model):
    """A typed parameter. `domain` names a data domain that the team may read."""

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

    @model_validator(mode="after")
    def _choices_with_choice(self) -> "Parameter":
        if (self.type == "choice") != (self.choices is not None):
            raise ValueError("choices are for a parameter of type choice, which needs them")
        return self


class Template(Document):
    """An agent template: its parameters, and what an agent of it has unless the team says otherwise."""

    template: TemplateName
    version: Version
    summary: str = Field(min_length=10, max_length=200)
    owner: Owner
    parameters: dict[ParameterName, Parameter] = {}
    tools: tuple[ToolName, ...] = ()
    model: ModelName | None = None
    approval: tuple[Approval, ...] = ()
    limits: Limits = Limits()
