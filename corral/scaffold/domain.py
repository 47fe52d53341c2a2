"""A new data domain: its file, and a first document or tables."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from corral.scaffold.files import Change
from corral.scaffold.tables import TableError, read_table
from corral.scaffold.texts import new_file
from corral.spec.load import Environment


@dataclass(frozen=True)
class NewDomain:
    """What is known of a new domain. Without tables it holds documents, of which `about` says what they tell."""

    name: str
    owner: Mapping[str, str]
    classification: str
    readers: Sequence[str]
    tables: Sequence[Path]
    about: str


def add_domain(environment: Environment, domain: NewDomain) -> list[Change]:
    """The domain's files; a table that lies elsewhere is copied. Raises CannotWriteError, TableError."""
    folder, root = environment.folder, environment.root
    data = Path("data") / domain.name
    changes: list[Change] = []
    tables = []
    for source in domain.tables:
        text, columns = read_table(source)
        name = re.sub(r"[^a-z0-9]+", "_", source.stem.lower()).strip("_")
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,63}", name):
            raise TableError(f"{source}: a table cannot have its name. Rename it: a letter comes first")
        absolute = source.resolve()
        if absolute.is_relative_to(folder.resolve()):
            file = absolute.relative_to(folder.resolve())
        else:
            file = data / f"{name}.csv"
            changes.append(Change(folder / file, None, text.encode()))
        tables.append({"name": name, "file": file.as_posix(), "columns": columns})
    values = {
        "domain": domain.name,
        "about": domain.about,
        "owner": domain.owner,
        "classification": domain.classification,
        "readers": list(domain.readers),
        "documents": "" if tables else data.as_posix(),
        "tables": tables,
    }
    if not tables:
        changes.append(new_file(root, folder / data / "about.md", "document.md.j2", values))
    path = folder / "domains" / f"{domain.name}.yaml"
    return [new_file(root, path, "domain.yaml.j2", values), *changes]
