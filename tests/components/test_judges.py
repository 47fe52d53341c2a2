"""A template's own evaluators: what is made of them, once a team, and who may read and ask them."""

import json
import re
from pathlib import Path

import pytest

from corral.spec.load import load_environment
from tests.components.conftest import PLATFORM
from tests.components.recorder import ROOT, Program, Recorded, record, replaced, team_of_every_kind

pytestmark = pytest.mark.xdist_group("components")

EVALUATOR = "aws-native:bedrockagentcore:Evaluator"
CONFIG = "aws-native:bedrockagentcore:OnlineEvaluationConfig"


def judges(program: Program) -> list[Recorded]:
    return [each for each in program.of(EVALUATOR) if "llmAsAJudge" in each.inputs["evaluatorConfig"]]


def test_agents_share_a_judge_of_the_same_words(reports: Program) -> None:
    [judge] = judges(reports)
    given = judge.inputs
    assert given["evaluatorName"].startswith("dev_reports_cites_a_source_")
    assert len(given["evaluatorName"]) <= 48
    assert given["level"] == "TRACE"
    assert given["evaluatorConfig"] == {
        "llmAsAJudge": {
            "instructions": "Does {assistant_turn} name where its numbers are from?",
            "modelConfig": {"bedrockEvaluatorModelConfig": {"modelId": "us.amazon.nova-pro-v1:0"}},
            "ratingScale": {
                "numerical": [
                    {"value": 0, "label": "None", "definition": "No number has a source."},
                    {"value": 1, "label": "All", "definition": "Each number has its source."},
                ]
            },
        }
    }
    configs = reports.of(CONFIG)
    assert len(configs) == 3
    for config in configs:
        asked = [each["evaluatorId"] for each in config.inputs["evaluators"]]
        assert any(each.startswith(given["evaluatorName"]) for each in asked)
        assert judge.urn in config.dependencies
        assert "Builtin.ContextRelevance" in asked


@pytest.mark.control("agentcore-keys")
def test_agentcore_reads_a_judge_with_the_teams_key_and_no_other_teams(stacks: dict[str, Program]) -> None:
    """It decrypts the instructions itself while agents are in use, for which the key's policy must let it."""
    for name, program in stacks.items():
        if name == "dev":
            continue
        [key] = program.of("aws:kms/key:Key")
        statements = {each["Sid"]: each for each in json.loads(key.inputs["policy"])["Statement"]}
        made = program.of(EVALUATOR)
        assert ("Evaluators" in statements) == bool(made) == (name == "dev.reports")
        for judge in made:
            assert judge.inputs["kmsKeyArn"] == program.outputs["team_key_arn"]
            assert statements["Evaluators"] == {
                "Sid": "Evaluators",
                "Effect": "Allow",
                "Principal": {"Service": "bedrock-agentcore.amazonaws.com"},
                "Action": ["kms:Decrypt"],
                "Resource": "*",
                "Condition": {
                    "StringEquals": {"aws:SourceAccount": "111122223333"},
                    "ArnLike": {"aws:SourceArn": "arn:aws:bedrock-agentcore:us-east-1:111122223333:*"},
                },
            }


def test_the_role_of_evaluation_may_ask_the_model_of_a_judge(reports: Program) -> None:
    [policy] = [
        r
        for r in reports.of("aws:iam/rolePolicy:RolePolicy")
        if r.inputs["role"] == "corral-dev-team-reports-evaluation"
    ]
    [models] = [s for s in json.loads(policy.inputs["policy"])["Statement"] if s["Sid"] == "EvaluatorModels"]
    assert "bedrock:InvokeModel" in models["Action"]
    assert "arn:aws:bedrock:*:111122223333:inference-profile/*" in models["Resource"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("where its numbers are from?", "where each number is from?"),
        ("definition: No number has a source.", "definition: None has one."),
        ("model: nova-pro", "model: nova-lite"),
        ('are from?", ', 'are from?", level: TRACE, '),
    ],
    ids=["words", "scale", "model", "nothing"],
)
def test_what_scores_otherwise_is_another_evaluator(
    reports: Program, programs: dict[str, Program], tmp_path: Path, old: str, new: str
) -> None:
    """AWS locks an evaluator in use: the new one is made, the configuration moves, the former goes."""
    stacks = team_of_every_kind(tmp_path)
    for template in ("weekly", "digest"):
        replaced(stacks / f"dev/templates/{template}/1.0.0/template.yaml", old, new)
    made = record("dev.reports", {PLATFORM: programs["dev"].outputs}, stacks)
    assert not made.errors
    [before], [after] = judges(reports), judges(made)
    same = "level:" in new
    assert (before.urn == after.urn) == same
    assert (before.inputs["evaluatorName"] == after.inputs["evaluatorName"]) == same
    assert before.inputs["description"] == after.inputs["description"]


def test_two_templates_may_give_one_name_two_meanings(programs: dict[str, Program], tmp_path: Path) -> None:
    stacks = team_of_every_kind(tmp_path)
    replaced(stacks / "dev/templates/digest/1.0.0/template.yaml", " model: nova-pro,", "")
    made = record("dev.reports", {PLATFORM: programs["dev"].outputs}, stacks)
    assert not made.errors
    models = {
        each.inputs["evaluatorName"]: each.inputs["evaluatorConfig"]["llmAsAJudge"]["modelConfig"][
            "bedrockEvaluatorModelConfig"
        ]["modelId"]
        for each in judges(made)
    }
    platform = load_environment(stacks / "dev").platform
    default = platform.models[platform.default_model]
    assert sorted(models.values()) == sorted(
        ["us.amazon.nova-pro-v1:0", default.inference_profile or default.id]
    )
    assert len(models) == 2


def test_the_example_of_the_docs_loads(tmp_path: Path) -> None:
    text = (ROOT / "docs/agent-templates.md").read_text(encoding="utf-8")
    [example] = [
        each
        for each in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
        if "judge:" in each and "code:" not in each
    ]
    stacks = team_of_every_kind(tmp_path)
    path = stacks / "dev/templates/weekly/1.0.0/template.yaml"
    own = path.read_text(encoding="utf-8")
    start = own.index("evaluators: [")
    end = own.index("GoalSuccessRate]", start) + len("GoalSuccessRate]\n")
    path.write_text(own[:start] + example + own[end:], encoding="utf-8")
    [judge] = load_environment(stacks / "dev").agents["reports"]["weekly"].judges
    assert (judge.spec.name, judge.model) == ("cites-a-source", "us.amazon.nova-pro-v1:0")
