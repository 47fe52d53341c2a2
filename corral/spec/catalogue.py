"""The tool catalogue: each tool checked, its handler too, its settings filled in."""

import ast
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from corral.spec.document import Loaded, Report, load
from corral.spec.errors import SpecError, listed, suggestion, unknown
from corral.spec.names import tool_module
from corral.spec.platform import Platform
from corral.spec.satisfiable import check_satisfiable
from corral.spec.source import Location, files, hidden_character, is_file, read_text, shown_path
from corral.spec.tool import ArgumentSchema, Tool

TOOLS = Path("functions/tools")


@dataclass(frozen=True)
class CatalogueTool:
    """A tool as one environment offers it."""

    spec: Tool
    folder: Path
    settings: dict[str, str]  # the platform's values over the tool's defaults; one with neither is left out

    @property
    def schema_sha256(self) -> str:
        """The digest of what agents see of the tool, for the audit."""
        canonical = json.dumps(
            self.spec.definition(), sort_keys=True, separators=(",", ":"), ensure_ascii=False
        )
        return hashlib.sha256(canonical.encode()).hexdigest()

    @property
    def handler(self) -> str:
        """The Lambda handler, as `module.function` from the archive's root."""
        return f"functions.tools.{tool_module(self.spec.tool)}.handler.handler"


def tool_names(root: Path) -> list[str]:
    """The tools that exist in the project, whether or not an environment offers them."""
    return [path.name.replace("_", "-") for path in files(root / TOOLS, "*") if is_file(path / "tool.yaml")]


def load_catalogue(platform: Loaded[Platform], root: Path, report: Report) -> dict[str, CatalogueTool | None]:
    """Every tool that the platform lists, None for one that is not sound."""
    tools: dict[str, CatalogueTool | None] = {}
    if platform.spec is None:
        return tools
    existing = tool_names(root)
    for name, values in platform.spec.tools.items():
        place = ("tools", name)
        tools[name] = None
        if name not in existing:
            message, hint = unknown("tool", name, existing)
            platform.error(place, f"tools: {message}", hint, key=True)
            continue
        folder = root / TOOLS / tool_module(name)
        tool = load(folder / "tool.yaml", Tool, root, report)
        _check_handler(folder / "handler.py", root, report)
        if tool.spec is not None:
            _check_tool(tool, tool.spec, name)
            tools[name] = CatalogueTool(tool.spec, folder, _settings(platform, place, tool.spec, values))
    return tools


def _settings(
    platform: Loaded[Platform], place: Location, tool: Tool, values: Mapping[str, str]
) -> dict[str, str]:
    for key, value in values.items():
        if key not in tool.settings:
            hint = f"Allowed: {listed(tool.settings)}.{suggestion(key, tool.settings)}"
            platform.error((*place, key), f'tools.{tool.tool}: unknown setting "{key}"', hint, key=True)
        elif found := hidden_character(value):
            platform.error(
                (*place, key), f"tools.{tool.tool}.{key}: holds the hidden character {found}", "Remove it."
            )
    defaults = {key: s.default for key, s in tool.settings.items() if s.default is not None}
    return {**defaults, **values}


def _check_tool(loaded: Loaded[Tool], tool: Tool, folder_name: str) -> None:
    """What one file's keys must say of each other."""
    if tool.tool != folder_name:
        loaded.error(
            ("tool",), f'tool: "{tool.tool}" is in the folder of {folder_name}', "Both must be the same name."
        )
    for side, schema in (("input", tool.input), ("output", tool.output)):
        if schema is not None:
            if schema.type != "object":
                loaded.error(
                    (side, "type"), f'{side}.type: "{schema.type}" is not allowed', "Allowed: object."
                )
            _check_schema(loaded, schema, (side,))
    arguments = tool.input.properties or {}
    for key, bound in (("domain_argument", "domains"), ("team_argument", "team")):
        named = getattr(tool, key)
        if named is None:
            continue
        if named not in arguments:
            _not_an_argument(loaded, (key,), named, arguments)
        elif arguments[named].type != "string" or named not in (tool.input.required or ()):
            loaded.error(
                (key,),
                f'{key}: "{named}" must be a required argument of type string',
                f"Only then can every call be bound to the agent's {bound}.",
            )
    for index, constraint in enumerate(tool.constraints):
        place: Location = ("constraints", index, "argument")
        wanted = "string" if constraint.one_of is not None else "integer"
        if constraint.argument not in arguments:
            _not_an_argument(loaded, place, constraint.argument, arguments)
        elif arguments[constraint.argument].type != wanted:
            actual = arguments[constraint.argument].type
            message = f'constraints[{index}].argument: "{constraint.argument}" is of type {actual}'
            loaded.error(place, message, "at_most and at_least are for type integer, one_of for type string.")
    check_satisfiable(loaded, tool)


def _not_an_argument(
    loaded: Loaded[Tool], place: Location, name: str, arguments: Mapping[str, ArgumentSchema]
) -> None:
    message, hint = unknown("argument", name, arguments)
    loaded.error(place, f"{place[0]}: {message}", hint)


def _check_schema(loaded: Loaded[Tool], schema: ArgumentSchema, place: Location) -> None:
    properties = schema.properties or {}
    for index, name in enumerate(schema.required or ()):
        if name not in properties:
            message, hint = unknown("property", name, properties)
            loaded.error((*place, "required", index), f"required: {message}", hint)
    for name, child in properties.items():
        _check_schema(loaded, child, (*place, "properties", name))
    if schema.items is not None:
        _check_schema(loaded, schema.items, (*place, "items"))


def _check_handler(path: Path, root: Path, report: Report) -> None:
    """Check that a handler compiles and defines `handler`, without running any of it."""
    shown = shown_path(path, root)
    text = read_text(path, root)
    if isinstance(text, SpecError):
        report.add(text)
        return
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = getattr(error, "lineno", None) or 1
        reason = error.msg if isinstance(error, SyntaxError) else str(error)
        report.add(SpecError(shown, line, getattr(error, "offset", None) or 1, f"not Python: {reason}"))
        return
    if not any("handler" in _defined(statement) for statement in body):
        report.add(
            SpecError(shown, 1, 1, "defines no function handler", "Lambda calls handler(event, context).")
        )


def _defined(statement: ast.stmt) -> set[str]:
    if isinstance(statement, ast.FunctionDef):
        return {statement.name}
    if isinstance(statement, ast.Assign):
        return {target.id for target in statement.targets if isinstance(target, ast.Name)}
    if isinstance(statement, ast.ImportFrom):
        return {alias.asname or alias.name for alias in statement.names}
    return set()
