"""The texts of new files, from the templates in templates/scaffold; a value is written as YAML where YAML is."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import FileSystemLoader, StrictUndefined, TemplateError
from jinja2.sandbox import SandboxedEnvironment

from corral.scaffold.files import CannotWriteError, Change
from corral.scaffold.yaml_lines import inline

SCAFFOLD = Path("templates/scaffold")


def new_file(root: Path, path: Path, template: str, values: Mapping[str, Any]) -> Change:
    """A new file, from a template of the project. Raises CannotWriteError when that is missing or fails."""
    environment = SandboxedEnvironment(
        loader=FileSystemLoader(root / SCAFFOLD),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["yaml"] = inline
    try:
        text = environment.get_template(template).render(values)
    except (TemplateError, OSError, UnicodeDecodeError) as error:
        raise CannotWriteError(f"{SCAFFOLD / template}: {type(error).__name__}: {error}") from None
    return Change(path, None, text.encode())
