"""domains/<domain>.yaml: a governed data domain, its owner and who may read it."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from corral.spec.model import Document, Model, Owner
from corral.spec.names import DomainName, TeamName

ColumnType = Literal["string", "bigint", "int", "double", "boolean", "date", "timestamp"]
ColumnName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=64)]


class Table(Model):
    """A CSV file with a header line, queryable with SQL."""

    name: ColumnName
    file: str = Field(pattern=r"\.csv$", description="Relative to the environment's folder.")
    columns: dict[ColumnName, ColumnType] = Field(min_length=1)
    team_column: ColumnName | None = Field(
        default=None, description="A column with a team's name: a team's agents see only rows with theirs."
    )


class Domain(Document):
    """A data domain: agents reach data through it and in no other way."""

    domain: DomainName
    owner: Owner
    classification: Literal["public", "internal", "confidential", "restricted"]
    readers: tuple[TeamName, ...] = Field(min_length=1, description="The teams whose agents may read it.")
    documents: str | None = Field(
        default=None, description="A folder of .md or .txt files, in the environment's folder."
    )
    tables: tuple[Table, ...] = ()

    @model_validator(mode="after")
    def _holds_something(self) -> "Domain":
        if self.documents is None and not self.tables:
            raise ValueError("a domain needs documents or tables")
        return self
