"""Every tool of the catalogue: its declaration is valid and says what its handler does."""

import ast
import importlib
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from corral.spec.tool import Tool

ROOT = Path(__file__).parents[2]
FOLDERS = sorted(path.parent for path in (ROOT / "functions" / "tools").glob("*/tool.yaml"))
ENVIRONMENT_OF_NEED = {
    "table": "TABLE_NAME",
    "secret": "SECRET_ARN",
    "documents": "DOCUMENTS_BUCKET",
    "warehouse": "WAREHOUSE_TEAM_COLUMNS",
    "reports": "REPORTS_BUCKET",
}


def declared(folder: Path) -> Tool:
    return Tool.model_validate(YAML(typ="safe").load(folder / "tool.yaml"))


def handler(folder: Path) -> Any:
    return importlib.import_module(f"functions.tools.{folder.name}.handler").handler


def source(folder: Path) -> str:
    return "".join(path.read_text() for path in folder.glob("*.py"))


def test_the_catalogue_has_its_six_tools() -> None:
    # a company has tools of its own beside them
    assert {folder.name for folder in FOLDERS} >= {
        "knowledge_search",
        "refund_issue",
        "report_write",
        "ticket_create",
        "warehouse_query",
        "web_search",
    }


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
class TestEveryTool:
    def test_is_named_after_its_folder_and_opens_with_its_schema(self, folder: Path) -> None:
        assert declared(folder).tool.replace("-", "_") == folder.name
        first = (folder / "tool.yaml").read_text().splitlines()[0]
        assert first == "# yaml-language-server: $schema=../../../schemas/tool.schema.json"

    def test_refuses_arguments_it_does_not_declare(self, folder: Path, context: Any) -> None:
        error = handler(folder)({"no_such_argument": 1}, context)["error"]
        assert error["code"] == "bad_arguments"
        named = error["message"].partition("Allowed: ")[2].rstrip(".").split(", ")
        assert set(named) == set(declared(folder).input.properties or {})

    def test_refuses_a_call_without_what_it_requires(self, folder: Path, context: Any) -> None:
        required = declared(folder).input.required or ()
        assert required
        whole: dict[str, Any] = dict.fromkeys(required, "x")
        for name in required:
            without = {key: value for key, value in whole.items() if key != name}
            assert handler(folder)(without, context)["error"]["code"] == "bad_arguments"

    def test_reads_only_the_environment_it_says_it_needs(self, folder: Path) -> None:
        tool, code = declared(folder), source(folder)
        for need, variable in ENVIRONMENT_OF_NEED.items():
            assert (variable in code) == (need in tool.needs)
        assert ("once(" in code) == ("idempotency" in tool.needs)
        of_warehouse = bool({"warehouse", "queries"} & set(tool.needs))
        assert ("functions.common.warehouse" in code) == ("ATHENA_WORKGROUP" in code) == of_warehouse
        for name in tool.settings:
            assert f"SETTING_{name.upper()}" in code
        assert code.count("SETTING_") == len(tool.settings)

    def test_writes_only_if_it_says_so(self, folder: Path) -> None:
        writes = any(call in source(folder) for call in ("put_item", "put_object"))
        assert writes == (declared(folder).access == "write")

    def test_has_time_and_arguments_that_exist(self, folder: Path) -> None:
        tool = declared(folder)
        properties = tool.input.properties or {}
        assert {constraint.argument for constraint in tool.constraints} <= properties.keys()
        for argument in (tool.domain_argument, tool.team_argument):
            assert argument is None or argument in (tool.input.required or ())
        assert tool.team_argument == ("team" if "team" in properties else None)


def test_functions_import_nothing_of_ours_but_functions() -> None:
    allowed = {"functions", "boto3", "botocore", "aws_lambda_powertools", "urllib3"}
    for path in (ROOT / "functions").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else []
            )
            for name in names:
                top = name.partition(".")[0]
                assert top in allowed or top in sys.stdlib_module_names, f"{path}: {name}"


def test_a_function_imports_only_its_own_folder_and_common() -> None:
    """Its archive holds nothing else."""
    for path in (ROOT / "functions").rglob("*.py"):
        own = ".".join(path.relative_to(ROOT).parent.parts)
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("functions."):
                assert str(node.module).startswith((own, "functions.common")), f"{path}: {node.module}"
