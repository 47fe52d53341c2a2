"""corral new tool: a working tool with its test, in the environment's catalogue."""

from typing import Annotated, get_args

import typer

from corral.cli.new_agent import EnvironmentArgument, JsonOption, YesOption, one_environment
from corral.cli.project import ProjectOption, environment_of, find_project


def command(
    name: Annotated[str | None, typer.Argument(help="The tool's name.")] = None,
    env: EnvironmentArgument = None,
    summary: Annotated[str | None, typer.Option(help="One line: what it does.")] = None,
    owner: Annotated[str | None, typer.Option(metavar='"NAME <EMAIL>"', help="Who answers for it.")] = None,
    access: Annotated[str, typer.Option(help="read: looks items up. write: keeps items.")] = "read",
    risk: Annotated[
        str | None, typer.Option(help="low, medium or high. Default: low to read, medium to write.")
    ] = None,
    yes: YesOption = False,
    as_json: JsonOption = False,
    project: ProjectOption = None,
) -> None:
    """Write a tool that works, to change into yours: declaration, handler, test, its place in the catalogue.

    It looks up, or keeps, items in a table of its own. Permissions, function, gateway target and registry
    record follow from its tool.yaml.
    """
    from corral.cli.ask import Asker, sure
    from corral.cli.changes import checked, prepared, put_down
    from corral.scaffold import answers
    from corral.scaffold.tool import NewTool, add_tool
    from corral.spec.catalogue import tool_names
    from corral.spec.names import ToolName, tool_module
    from corral.spec.source import shown_path
    from corral.spec.tool import Tool

    root = find_project(project)
    environment = environment_of(root, one_environment(root, env))
    asker = Asker(as_json)
    check = answers.of_model(ToolName, "a name", {*tool_names(root), *environment.tools})
    name = asker.value("NAME", name, check, "Name of the tool")
    said = asker.value("--summary", summary, answers.short_text(199, 10), "What it does, in one line")
    owned = asker.value("--owner", owner, answers.owner, "Owner, as in Payments <pay@example.com>")
    kinds, risks = (get_args(Tool.model_fields[field].annotation) for field in ("access", "risk"))
    access = sure(asker.value("--access", access, answers.one_of("access", kinds), "Access"))
    usual = "low" if access == "read" else "medium"
    risk = sure(asker.value("--risk", risk or usual, answers.one_of("risk", risks), "Risk"))
    asker.settle()
    tool = NewTool(sure(name), sure(said), sure(owned), access, risk)
    path = shown_path(environment.folder / "platform.yaml", root)
    changes = prepared(lambda: add_tool(environment, tool), path)
    checked(root, environment.folder, changes, as_json)
    test = f"make dev && .venv/bin/pytest tests/functions/test_{tool_module(tool.name)}.py"
    then = "Change the handler and its test into what you need, then give the tool to an agent."
    put_down(root, changes, test, yes, as_json, then=then)
