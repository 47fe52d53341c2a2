"""What every spec model shares: unknown keys are refused, values are constant, a file says its version."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

API_VERSION = "corral/v1"


class Model(BaseModel):
    """Base of all spec models."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True, allow_inf_nan=False)


class Document(Model):
    """Base of the models that are a whole YAML file."""

    apiVersion: Literal["corral/v1"] = Field(description="The version of the file format.")


class Owner(Model):
    """Who answers for a thing."""

    name: str = Field(min_length=1, max_length=80)
    email: str = Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")
    on_call: str | None = Field(
        default=None, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", description="Where alarms go."
    )
