"""A new tool: declaration, handler and test, and its place in the environment's catalogue."""

from collections.abc import Mapping
from dataclasses import dataclass

from corral.scaffold import yaml_text
from corral.scaffold.files import Change, edited, read
from corral.scaffold.texts import new_file
from corral.spec.catalogue import TOOLS
from corral.spec.load import Environment
from corral.spec.names import tool_module


@dataclass(frozen=True)
class NewTool:
    """What is known of a new tool."""

    name: str
    summary: str
    owner: Mapping[str, str]
    access: str
    risk: str


def add_tool(environment: Environment, tool: NewTool) -> list[Change]:
    """The tool's files and the edit of platform.yaml. Raises CannotWriteError, CannotEditError."""
    root, module = environment.root, tool_module(tool.name)
    values = {
        "tool": tool.name,
        "module": module,
        "summary": tool.summary if tool.summary.endswith(".") else f"{tool.summary}.",
        "owner": tool.owner,
        "access": tool.access,
        "risk": tool.risk,
    }
    files = {
        root / TOOLS / module / name: f"tool/{name}.j2" for name in ("__init__.py", "tool.yaml", "handler.py")
    }
    files[root / "tests/functions" / f"test_{module}.py"] = "tool/test.py.j2"
    new = [new_file(root, path, template, values) for path, template in files.items()]
    platform = environment.folder / "platform.yaml"
    before, text = read(platform, root)
    return [*new, edited(platform, before, yaml_text.put(text, ("tools", tool.name), {}))]
