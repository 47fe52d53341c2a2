"""Rules, limits and schemas in words."""

import pytest

from corral.site import words
from corral.spec.conditions import ApprovalRule, parse
from corral.spec.resolved import DEFAULT_LIMITS, ResolvedLimits
from corral.spec.team import Approval, Limits
from corral.spec.template import Drift, Parameter
from corral.spec.tool import ArgumentSchema, Tool

OWNER = {"name": "Payments", "email": "payments@example.com"}


def tool(**more: object) -> Tool:
    about = {"apiVersion": "corral/v1", "tool": "pay-back", "version": "1.0.0", "summary": "Pays money back."}
    rest = {"description": "Pays an amount back.", "owner": OWNER, "access": "write", "risk": "high"}
    return Tool.model_validate({**about, **rest, "input": {"type": "object"}, **more})


@pytest.mark.parametrize(
    ("when", "said"),
    [
        ("amount_cents > 5000", "when amount_cents is over 5,000"),
        ('a < 1.5 and b == "high" and c != true', 'when a is under 1.5, b is "high" and c is not true'),
        ("a >= 1 and b <= -2000", "when a is at least 1 and b is at most -2,000"),
    ],
)
def test_rules(when: str, said: str) -> None:
    assert words.rule(ApprovalRule("t", parse(when))) == said
    assert words.template_rule(Approval(tool="pay-back", when=when)) == said


def test_a_rule_without_conditions_and_one_that_cannot_be_read() -> None:
    assert words.rule(ApprovalRule("t")) == "every call"
    asks_more = ApprovalRule("t", (), 90, 2, "arn:aws:iam::111122223333:role/eu/deputy")
    assert words.rule(asks_more) == (
        "every call; two people approve; within 90 minutes; deputy may after half of the time"
    )
    assert asks_more.text == (
        "t, every call, within 90 minutes, 2 approvers, delegate arn:aws:iam::111122223333:role/eu/deputy"
    )
    assert words.template_rule(Approval(tool="pay-back")) == "every call"
    assert words.template_rule(Approval(tool="pay-back", when="a lot")) == "when a lot"


def test_constraints() -> None:
    held = tool(
        constraints=[
            {"argument": "amount", "at_least": 1, "at_most": 100000},
            {"argument": "count", "at_least": 2},
            {"argument": "share", "at_most": 3},
            {"argument": "kind", "one_of": ["a", "b", "c"]},
        ]
    )
    assert list(words.constraints(held)) == [
        "amount is from 1 to 100,000",
        "count is at least 2",
        "share is at most 3",
        "kind is a, b or c",
    ]


def test_limits_and_thresholds() -> None:
    limits = ResolvedLimits(**DEFAULT_LIMITS)  # type: ignore[arg-type]
    assert [value for _, _, value in words.limits(limits)] == [
        "0.50 US dollars",
        "15",
        "4,096",
        "120 seconds",
    ]
    assert [key for key, _, _ in words.limits(Limits(max_iterations=3))] == ["max_iterations"]
    assert list(words.drift(Drift(accuracy=0.15, cost_per_task=1.5))) == [
        ("accuracy", "15 %"),
        ("cost of a task", "150 %"),
    ]
    assert words.evaluator("Builtin.GoalSuccessRate") == "goal success rate"
    assert words.evaluator("cites-a-source") == "cites a source"


@pytest.mark.parametrize(
    ("parameter", "allowed", "default"),
    [
        ({"type": "choice", "choices": ["a", "b"], "default": "a"}, "a or b", "a"),
        ({"type": "domain"}, "a data domain that the team may read", "must be given"),
        (
            {"type": "domain", "holds": "tables", "optional": True},
            "a data domain that holds tables that the team may read",
            "the prompt does without",
        ),
        ({"type": "boolean", "default": False}, "true or false", "no"),
        ({"type": "integer", "minimum": 1, "default": 2}, "a whole number, at least 1", "2"),
        ({"type": "number", "maximum": 0.5}, "a number, at most 0.5", "must be given"),
        (
            {"type": "string", "pattern": "[A-Z]"},
            "text of the form [A-Z], at most 200 characters",
            "must be given",
        ),
        ({"type": "schedule"}, "a rate or cron expression, in UTC", "must be given"),
    ],
)
def test_parameters(parameter: dict[str, object], allowed: str, default: str) -> None:
    of = Parameter.model_validate({"help": "h", **parameter})
    assert words.allowed(of) == allowed
    assert words.default(of) == default


def test_schemas_become_rows() -> None:
    schema = ArgumentSchema.model_validate(
        {
            "type": "object",
            "required": ["passages"],
            "properties": {
                "passages": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {"text": {"type": "string", "description": "t"}},
                    },
                },
                "rows": {"type": "array", "items": {"type": "array", "items": {"type": "integer"}}},
            },
        }
    )
    rows = [(row.path, row.type, row.required, row.description) for row in words.fields(schema)]
    assert rows == [
        ("passages", "list of object", True, ""),
        ("passages[].text", "string", False, "t"),
        ("rows", "list of list of integer", False, ""),
    ]
    assert list(words.fields(None)) == []
