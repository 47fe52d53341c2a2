"""platform.yaml: one environment of the platform in one AWS account and region."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from corral.spec.controls import ControlId
from corral.spec.gates import Gates
from corral.spec.model import Document, Model, Owner
from corral.spec.names import EnvironmentName, ModelName, ParameterName, ToolName
from corral.spec.rights import Deploy
from corral.spec.rights import PrincipalArn as PrincipalArn

Account = Annotated[str, StringConstraints(pattern=r"^\d{12}$")]
Region = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")]

MIN_RETENTION_DAYS = 183  # EU AI Act, articles 19 and 26(6)


class ModelSource(Model):
    """A model that agents may use, under a short name."""

    id: str = Field(pattern=r"^[a-z0-9-]+\.[a-z0-9.:-]+$", description="Bedrock foundation model id.")
    inference_profile: str | None = Field(
        default=None,
        pattern=r"^[a-z]+(-[a-z]+)*\.[a-z0-9-]+\.[a-z0-9.:-]+$",
        description="System inference profile id, for models that are only served across regions.",
    )


class Price(Model):
    """What a model costs: US dollars for a million tokens, on demand."""

    input: float = Field(gt=0, le=1000)
    output: float = Field(gt=0, le=1000)

    def of(self, input_tokens: float, output_tokens: float) -> float:
        """Return the cost of tokens in US dollars."""
        return (input_tokens * self.input + output_tokens * self.output) / 1_000_000


class Prices(Model):
    """A price table: what the cost of tasks is computed with. AWS has no promise that prices stay, so it is dated."""

    as_of: date
    source: str = Field(pattern=r"^https://\S+$", max_length=300)
    per_million_tokens_usd: dict[ModelName, Price] = Field(
        min_length=1, description="Every model of the environment."
    )


class Organization(Model):
    """An AWS organization whose trail the platform's is: one for all its accounts, which its members cannot stop."""

    id: str = Field(pattern=r"^o-[a-z0-9]{10,32}$", description="The organization's id.")
    management_account: Account | None = Field(
        default=None,
        description="The organization's management account, which owns its trails. Unsaid, it is the platform's "
        "account; else that one must be a delegated administrator of CloudTrail.",
    )


class Audit(Model):
    """How long the audit trail is kept, and how firmly it is locked."""

    retention_days: int = Field(default=400, ge=MIN_RETENTION_DAYS, le=3650)
    lock_mode: Literal["GOVERNANCE", "COMPLIANCE"] | None = Field(
        default=None,
        description="COMPLIANCE cannot be undone by anyone. Unsaid, production has it and the others GOVERNANCE.",
    )
    organization: Organization | None = Field(
        default=None, description="Make the trail one of this organization, not of this account alone."
    )


class DeniedTopic(Model):
    """A subject that no agent of this environment talks about."""

    name: str = Field(min_length=1, max_length=100, pattern=r"^[0-9a-zA-Z-_ !?.]+$")
    definition: str = Field(min_length=1, max_length=1000)
    examples: tuple[Annotated[str, StringConstraints(min_length=1, max_length=100)], ...] = Field(
        default=(), max_length=5
    )


class Guardrail(Model):
    """What the environment's guardrail blocks, over and above prompt attacks and personal data."""

    denied_topics: tuple[DeniedTopic, ...] = Field(default=(), max_length=30)
    blocked_words: tuple[Annotated[str, StringConstraints(min_length=1, max_length=100)], ...] = ()


class Waiver(Model):
    """A control that is knowingly not met, until a day."""

    control: ControlId
    reason: str = Field(min_length=10)
    owner: str = Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")
    expires: date


class Sprawl(Model):
    """When `validate` takes two agents, or two tools, for one and the same."""

    look_alike: float = Field(
        default=0.85, ge=0.5, le=1, description="Alike from here on; 1 is the same in every word."
    )


class Platform(Document):
    """One environment: where it runs, who owns it, which models and tools it offers."""

    environment: EnvironmentName
    account: Account
    region: Region
    production: bool = False
    owner: Owner
    models: dict[ModelName, ModelSource] = Field(min_length=1)
    default_model: ModelName
    prices: Prices | None = Field(
        default=None, description="Absent: the cost of tasks is not measured, nor watched."
    )
    tools: dict[ToolName, dict[ParameterName, str]] = Field(
        min_length=1,
        description="The catalogue of this environment: each tool with its settings, {} for none.",
    )
    guardrail: Guardrail = Guardrail()
    audit: Audit = Audit()
    auditors: tuple[PrincipalArn, ...] = ()
    operators: tuple[PrincipalArn, ...] = Field(
        default=(), description="Who may suspend and resume agents of any team, and the whole environment."
    )
    deploy: Deploy | None = None
    waivers: tuple[Waiver, ...] = ()
    sprawl: Sprawl = Sprawl()
    gates: Gates = Gates()
    lambda_concurrency: int = Field(
        default=1000,
        ge=10,
        le=1_000_000,
        description="Concurrent executions that Lambda allows the account in this region.",
    )

    @property
    def organization(self) -> tuple[str, str] | None:
        """The id and the management account of the organization whose trail it is; None when it is no one's."""
        said = self.audit.organization
        return None if said is None else (said.id, said.management_account or self.account)

    @property
    def lock_mode(self) -> Literal["GOVERNANCE", "COMPLIANCE"]:
        """How firmly records are locked: as is said or, when nothing is, COMPLIANCE in production alone."""
        return self.audit.lock_mode or ("COMPLIANCE" if self.production else "GOVERNANCE")
