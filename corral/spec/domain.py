"""domains/<domain>.yaml: a governed data domain, its owner and who may read it."""

from datetime import date
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
    key: tuple[ColumnName, ...] = Field(
        default=(), description="The columns by which rows are told apart: no two have the same."
    )
    dated_by: ColumnName | None = Field(
        default=None,
        description="A column of days or times, the newest of which says how fresh the table is.",
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
    source: str | None = Field(
        default=None, min_length=3, max_length=300, description="Where its data comes from, and by which way."
    )
    fresh_within_days: int | None = Field(
        default=None, ge=1, le=3660, description="How old its data may be at most."
    )
    reviewed: date | None = Field(
        default=None,
        description="When it was last held against its source, for documents and tables that tell no day themselves.",
    )

    @model_validator(mode="after")
    def _holds_something(self) -> "Domain":
        if self.documents is None and not self.tables:
            raise ValueError("a domain needs documents or tables")
        return self
