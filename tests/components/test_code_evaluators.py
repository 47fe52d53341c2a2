"""A template's evaluators that are code: the function of each, who may call it, and who may do nothing with it."""

import json
import re
from pathlib import Path

import pytest

from corral.spec import peak
from corral.spec.load import load_environment
from tests.components.conftest import PLATFORM
from tests.components.recorder import ROOT, Program, Recorded, record, replaced, team_of_every_kind

pytestmark = pytest.mark.xdist_group("components")

EVALUATOR = "aws-native:bedrockagentcore:Evaluator"
CONFIG = "aws-native:bedrockagentcore:OnlineEvaluationConfig"
FUNCTION = "aws:lambda/function:Function"


def coded(program: Program) -> Recorded:
    [found] = [each for each in program.of(EVALUATOR) if "codeBased" in each.inputs["evaluatorConfig"]]
    return found


def function(program: Program) -> Recorded:
    [found] = [each for each in program.of(FUNCTION) if "-eval-" in each.inputs["name"]]
    return found


def statements(program: Program, role: str) -> dict[str, dict[str, list[str]]]:
    [policy] = [r for r in program.of("aws:iam/rolePolicy:RolePolicy") if r.inputs["role"] == role]
    return {each["Sid"]: each for each in json.loads(policy.inputs["policy"])["Statement"]}


def test_agents_of_one_code_share_its_function_and_its_evaluator(reports: Program) -> None:
    given, runs = coded(reports).inputs, function(reports).inputs
    assert re.fullmatch(r"dev_reports_in_money_[0-9a-f]{6}", given["evaluatorName"])
    assert runs["name"] == "corral-dev-eval-reports_in-money_" + given["evaluatorName"][-6:]
    arn = f"arn:aws:lambda:us-east-1:111122223333:function:{runs['name']}:live"
    assert given["evaluatorConfig"] == {
        "codeBased": {"lambdaConfig": {"lambdaArn": arn, "lambdaTimeoutInSeconds": 60}}
    }
    assert given["kmsKeyArn"] == reports.outputs["team_key_arn"]
    assert "functions/evaluator/own.py" in runs["code"]["assets"]
    for config in reports.of(CONFIG):
        asked = [each["evaluatorId"] for each in config.inputs["evaluators"]]
        assert any(each.startswith(given["evaluatorName"]) for each in asked)


@pytest.mark.control("role-limits")
def test_only_the_role_of_evaluation_may_call_it_and_it_may_do_nothing(reports: Program) -> None:
    name = function(reports).inputs["name"]
    arn = f"arn:aws:lambda:us-east-1:111122223333:function:{name}"
    evaluation = statements(reports, "corral-dev-team-reports-evaluation")
    assert evaluation["Evaluators"]["Action"] == ["lambda:InvokeFunction"]
    assert evaluation["Evaluators"]["Resource"] == [f"{arn}:live"]
    assert evaluation["EvaluatorsCode"]["Action"] == ["lambda:GetFunction"]
    assert evaluation["EvaluatorsCode"]["Resource"] == [f"{arn}:live", arn]
    assert evaluation["OwnKey"]["Action"] == ["kms:Decrypt"]
    assert set(statements(reports, name)) == {"OwnLogs", "Traces", "OwnKey"}
    assert not reports.of("aws:lambda/permission:Permission")


def test_a_team_without_evaluators_of_its_own_gets_no_more_grants(programs: dict[str, Program]) -> None:
    given = statements(programs["dev.support"], "corral-dev-team-support-evaluation")
    assert {"Evaluators", "EvaluatorsCode", "OwnKey"}.isdisjoint(given)


@pytest.mark.parametrize(
    ("file", "old", "new", "same"),
    [
        ("evaluators/sums.py", '== "$"', '== "€"', False),
        ("template.yaml", "code: evaluators/sums.py", "code: evaluators/sums.py, level: SESSION", False),
        ("template.yaml", "code: evaluators/sums.py", "code: evaluators/sums.py, level: TRACE", True),
    ],
    ids=["code", "level", "nothing"],
)
def test_what_scores_otherwise_is_another_evaluator(
    reports: Program, programs: dict[str, Program], tmp_path: Path, file: str, old: str, new: str, same: bool
) -> None:
    stacks = team_of_every_kind(tmp_path)
    for template in ("weekly", "digest"):
        replaced(stacks / f"dev/templates/{template}/1.0.0/{file}", old, new)
    made = record("dev.reports", {PLATFORM: programs["dev"].outputs}, stacks)
    assert not made.errors
    for of in (coded, function):
        assert (of(reports).urn == of(made).urn) == same
    assert (coded(reports).inputs["evaluatorConfig"] == coded(made).inputs["evaluatorConfig"]) == same


def test_what_it_reserves_is_counted(reports: Program, tmp_path: Path) -> None:
    assert function(reports).inputs["reservedConcurrentExecutions"] == peak.OF_AN_EVALUATOR
    stacks = team_of_every_kind(tmp_path)
    environment = load_environment(stacks / "dev")
    tools = [each.spec for each in environment.tools.values()]
    with_code = peak.reserved_concurrency(tools, environment.agents)
    for template in ("weekly", "digest"):
        replaced(
            stacks / f"dev/templates/{template}/1.0.0/template.yaml",
            "{name: in-money, code: evaluators/sums.py}, ",
            "",
        )
    assert (
        with_code - peak.reserved_concurrency(tools, load_environment(stacks / "dev").agents)
        == peak.OF_AN_EVALUATOR
    )


def test_the_example_of_the_docs_loads(tmp_path: Path) -> None:
    text = (ROOT / "docs/agent-templates.md").read_text(encoding="utf-8")
    [entry] = re.findall(r"`(\{name: [^`]*code: [^`]*\})`", text)
    [example] = [
        each for each in re.findall(r"```python\n(.*?)```", text, re.DOTALL) if "def evaluate" in each
    ]
    stacks = team_of_every_kind(tmp_path)
    folder = stacks / "dev/templates/weekly/1.0.0"
    replaced(folder / "template.yaml", "{name: in-money, code: evaluators/sums.py}", entry)
    [file] = re.findall(r"code: (\S+\.py)", entry)
    (folder / file).write_text(example, encoding="utf-8")
    [found] = load_environment(stacks / "dev").agents["reports"]["weekly"].coded
    assert found.path.read_text(encoding="utf-8") == example
