"""functions/tools/<tool>/tool.yaml: one tool of the shared catalogue, declared once for every team."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from corral.spec.model import Document, Model, Owner
from corral.spec.names import ParameterName, ToolName, Version

SchemaType = Literal["string", "number", "object", "array", "boolean", "integer"]
ArgumentName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=64)]
Need = Literal["table", "idempotency", "secret", "documents", "warehouse", "queries", "reports"]


class ArgumentSchema(Model):
    """The part of JSON Schema that a gateway target accepts: no enum, no pattern, no format."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    type: SchemaType
    description: str | None = Field(default=None, max_length=500)
    properties: dict[ArgumentName, "ArgumentSchema"] | None = None
    required: tuple[ArgumentName, ...] | None = None
    items: "ArgumentSchema | None" = None


class Constraint(Model):
    """A ceiling on an argument that holds for every agent, decided by Cedar at the gateway."""

    argument: ArgumentName
    at_most: int | None = None
    at_least: int | None = None
    one_of: tuple[str, ...] | None = Field(default=None, min_length=1)

    @model_validator(mode="after")
    def _says_something(self) -> "Constraint":
        if self.at_most is None and self.at_least is None and self.one_of is None:
            raise ValueError("a constraint needs at_most, at_least or one_of")
        return self


class FunctionLimits(Model):
    """What the tool's function may use, and how often one agent may call it."""

    timeout_seconds: int = Field(default=15, ge=1, le=120)
    memory_mb: int = Field(default=256, ge=128, le=3008)
    reserved_concurrency: int = Field(default=10, ge=1, le=500)
    requests_per_minute: int = Field(default=120, ge=1, le=100_000, description="By one agent.")


class Setting(Model):
    """Something an environment may set for the tool in platform.yaml; its function reads it."""

    description: str = Field(min_length=1)
    default: str | None = None


class Tool(Document):
    """A tool: what agents see of it, who owns it, what it may touch."""

    tool: ToolName
    version: Version
    summary: str = Field(min_length=10, max_length=200, description="One line, for people and the registry.")
    description: str = Field(
        min_length=20, max_length=2000, description="For the model: what it does, when to use it."
    )
    owner: Owner
    access: Literal["read", "write"]
    risk: Literal["low", "medium", "high"]
    input: ArgumentSchema
    output: ArgumentSchema | None = None
    domain_argument: ArgumentName | None = Field(
        default=None,
        description="The argument that names a data domain: a grant binds it to the agent's own domains.",
    )
    team_argument: ArgumentName | None = Field(
        default=None,
        description="The argument that names a team: a grant binds it to the agent's own team.",
    )
    constraints: tuple[Constraint, ...] = ()
    needs: tuple[Need, ...] = ()
    settings: dict[ParameterName, Setting] = {}
    cost_per_call_usd: float | None = Field(
        default=None, ge=0, le=100, description="What a call costs beyond AWS, such as a provider's fee."
    )
    limits: FunctionLimits = FunctionLimits()

    def bound(self, domains: Sequence[str], team: str) -> dict[str, Sequence[str]]:
        """The arguments that a grant binds, each with the values that an agent of these may give."""
        bindings = ((self.domain_argument, domains), (self.team_argument, (team,)))
        return {argument: values for argument, values in bindings if argument is not None}

    def definition(self) -> dict[str, Any]:
        """The tool as a gateway target declares it and MCP clients list it: name, description and schemas."""
        schemas = {"inputSchema": self.input, "outputSchema": self.output}
        return {
            "name": self.tool,
            "description": self.description,
            **{key: s.model_dump(exclude_none=True) for key, s in schemas.items() if s is not None},
        }
