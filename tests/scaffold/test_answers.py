"""Answers: taken as what is meant, or refused with what is allowed."""

from collections.abc import Callable
from typing import Any

import pytest

from corral.scaffold import answers
from corral.scaffold.answers import AnswerError
from corral.spec.names import AgentName
from corral.spec.platform import PrincipalArn
from corral.spec.template import Parameter

ARN = "arn:aws:iam::111122223333:role/x"


def parameter(**values: Any) -> Parameter:
    return Parameter.model_validate({"help": "What it is.", **values})


@pytest.mark.parametrize(
    ("values", "answer", "value"),
    [
        ({"type": "integer"}, "3", 3),
        ({"type": "number"}, "3", 3),
        ({"type": "number"}, "0.5", 0.5),
        ({"type": "boolean"}, "Yes", True),
        ({"type": "boolean"}, "false", False),
        ({"type": "string"}, "true", "true"),
        ({"type": "choice", "choices": ("a", "b")}, "b", "b"),
        ({"type": "domain"}, "manuals", "manuals"),
        ({"type": "schedule"}, "rate(1 day)", "rate(1 day)"),
    ],
)
def test_values(values: dict[str, Any], answer: str, value: object) -> None:
    found = answers.parameter_value(parameter(**values), ["manuals"])(answer)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("values", "answer", "said"),
    [
        ({"type": "integer"}, "three", "Allowed: a whole number"),
        ({"type": "integer"}, "3.5", "Allowed: a whole number"),
        ({"type": "integer", "maximum": 3}, "4", "Allowed: at most 3"),
        ({"type": "number"}, "nan", "Allowed: a number"),
        ({"type": "number"}, "inf", "Allowed: a number"),
        ({"type": "boolean"}, "maybe", "Allowed: true or false"),
        ({"type": "choice", "choices": ("a", "b")}, "c", "Allowed: a, b"),
        ({"type": "string", "pattern": "[A-Z]+"}, "a", r"of the form \[A-Z\]\+"),
        ({"type": "string"}, "a\u202eb", "hidden character"),
        ({"type": "domain"}, "orders", "Allowed: manuals"),
        ({"type": "schedule"}, "daily", "not a schedule"),
    ],
)
def test_what_is_not_a_value(values: dict[str, Any], answer: str, said: str) -> None:
    with pytest.raises(AnswerError, match=said):
        answers.parameter_value(parameter(**values), ["manuals"])(answer)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"type": "integer", "minimum": 1, "maximum": 1000}, "a whole number from 1 to 1,000"),
        ({"type": "number", "minimum": 0}, "a number of at least 0"),
        ({"type": "integer", "maximum": 5}, "a whole number of at most 5"),
        ({"type": "choice", "choices": ("a", "b")}, "a or b"),
        ({"type": "domain", "holds": "tables"}, "a data domain with tables"),
        ({"type": "string", "pattern": "x+", "max_length": 9}, "text of the form x+, at most 9 characters"),
    ],
)
def test_what_is_allowed(values: dict[str, Any], said: str) -> None:
    assert answers.allowed_values(parameter(**values)) == said


@pytest.mark.parametrize(
    ("check", "answer", "said"),
    [
        (
            answers.one_of("team", ["sales"]),
            "sale",
            'there is no team "sale". Known: sales. Did you mean "sales"?',
        ),
        (answers.several_of("tool", ["a", "b"]), "a,c", 'there is no tool "c"'),
        (answers.of_model(AgentName, "a name"), "Help Desk", "Allowed: lower-case letters and digits"),
        (answers.of_model(AgentName, "a name"), "a" * 21, "Allowed: at most 20 characters"),
        (answers.of_model(AgentName, "a name"), "a", "Allowed: at least 2 characters"),
        (answers.of_model(AgentName, "a name", ["desk"]), "desk", '"desk" is taken. Taken: desk'),
        (answers.several_of_model(PrincipalArn, "ARNs"), f"{ARN}, x", "Allowed: the ARN of an IAM role"),
        (answers.owner, "me@example.com", "Allowed: Name <name@example.com>"),
        (answers.owner, "Me <me>", "Allowed: Name <name@example.com>"),
        (answers.email, "me", "Allowed: an address"),
        (answers.money, "0", "a number, more than 0"),
        (answers.money, "inf", "a number, more than 0"),
        (answers.money, "much", "a number, more than 0"),
        (answers.short_text(5), "", "Allowed: 1 to 5"),
        (answers.short_text(5), "a\x07b", "hidden character"),
        (answers.some(answers.several_of("team", ["a"])), " , ", "at least one"),
    ],
)
def test_other_answers_that_will_not_do(check: Callable[[str], Any], answer: str, said: str) -> None:
    with pytest.raises(AnswerError) as caught:
        check(answer)
    assert said in str(caught.value)


def test_other_answers() -> None:
    assert answers.owner(" Support Engineering <s@example.com> ") == {
        "name": "Support Engineering",
        "email": "s@example.com",
    }
    assert answers.several_of("tool", ["a", "b"])("b, a,b,") == ("b", "a")
    assert answers.several_of("tool", ["a"])("") == ()
    assert answers.several_of_model(PrincipalArn, "ARNs")(ARN) == (ARN,)
    assert answers.money("12.5") == 12.5
