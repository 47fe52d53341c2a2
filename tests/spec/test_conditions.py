"""Approval conditions: what parses, what does not, what holds."""

import pytest

from corral.spec.conditions import ApprovalRule, Condition, ConditionError, parse


@pytest.mark.parametrize(
    ("text", "conditions"),
    [
        ("amount_cents > 5000", (Condition("amount_cents", ">", 5000),)),
        ("amount_cents>=5000", (Condition("amount_cents", ">=", 5000),)),
        ("  a  ==  -1.5  ", (Condition("a", "==", -1.5),)),
        ("a == true and b != false", (Condition("a", "==", True), Condition("b", "!=", False))),
        ('a == "x and y" and b < 3', (Condition("a", "==", "x and y"), Condition("b", "<", 3))),
        ('a == "say \\"hi\\""', (Condition("a", "==", 'say "hi"'),)),
    ],
)
def test_parses(text: str, conditions: tuple[Condition, ...]) -> None:
    assert parse(text) == conditions


@pytest.mark.parametrize(
    "text",
    ["", "a", "a >", "> 5", "a > 5 or b > 6", "a > 5 and", "a > b", "a = 5", "a > 5)", "not a == 5",
     "a == 'x'",     "a == \"x", "a > 1_000", "a > 0x10", "a > 1e3", "A > 5", "a.b > 5", "a > 5 anda > 6",
     "a == truely", "a > 12345678901234567890", "a == \"\\n\"", "a < 3and b > 1"],
)  # fmt: skip
def test_does_not_parse(text: str) -> None:
    with pytest.raises(ConditionError) as error:
        parse(text)
    assert "amount_cents > 5000" in error.value.hint


@pytest.mark.parametrize(
    ("when", "arguments", "held"),
    [
        ("a > 5", {"a": 6}, True),
        ("a > 5", {"a": 5}, False),
        ("a >= 5", {"a": 5}, True),
        ("a < 5", {"a": 5}, False),
        ("a <= 5", {"a": 5}, True),
        ("a != 5", {"a": 5}, False),
        ('a == "x"', {"a": "x"}, True),
        ("a > 5 and b > 5", {"a": 6, "b": 5}, False),
        ("a > 5", {}, True),
        ("a > 5", {"a": "many"}, True),
    ],
)
def test_holds(when: str, arguments: dict[str, object], held: bool) -> None:
    assert ApprovalRule("t", parse(when)).holds(arguments) is held


def test_a_rule_without_conditions_holds_every_call() -> None:
    assert ApprovalRule("t").holds({})
