"""The catalogue of controls, the tests' marks and docs/controls.md agree."""

from typing import get_args

import pytest

from corral.audit.controls.catalogue import ASSESSED
from corral.spec.controls import ControlId
from policies import RULES
from tests.controls import NOT_YET, PAGE, PROMISES, MarkError, marked, page, proofs

KNOWN = {*get_args(ControlId), *PROMISES}


def test_the_names_a_waiver_may_give_are_those_of_the_catalogue() -> None:
    assert sorted(each.control.id for each in ASSESSED) == list(get_args(ControlId))
    assert not PROMISES.keys() & set(get_args(ControlId))


def test_every_mark_names_a_control_or_promise() -> None:
    assert proofs().keys() - KNOWN == set()


def test_each_is_proved_by_a_test_or_said_to_be_not_yet() -> None:
    assert KNOWN - proofs().keys() - NOT_YET.keys() == set()
    assert NOT_YET.keys() - KNOWN == set()


def test_each_rule_of_the_policy_pack_belongs_to_a_control() -> None:
    assert {rule.id for rule in RULES} == {name for each in ASSESSED for name in each.rules}


def test_each_control_but_our_own_says_where_it_is_asked_for() -> None:
    assert [each.control.id for each in ASSESSED if not each.control.sources] == ["dead-letters"]
    assert all(ids for each in ASSESSED for ids in each.control.sources.values())


def test_the_page_is_current() -> None:
    assert PAGE.read_text() == page(), "run python -m tests.controls"


def test_marks_are_read_from_functions_classes_and_modules() -> None:
    source = """
import pytest
pytestmark = [pytest.mark.xdist_group("x"), pytest.mark.control("trail")]

@pytest.mark.control("guardrail", "trail")
@pytest.mark.parametrize("a", [1])
def test_one(a): ...

class TestTwo:
    @pytest.mark.control("inventory")
    def test_two(self): ...

def helper(): ...
"""
    assert dict(marked(source, "x.py")) == {
        "test_one": ["trail", "guardrail"],
        "test_two": ["trail", "inventory"],
    }


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("@pytest.mark.control('trail')\ndef helper(): ...", "on no test"),
        ("@pytest.mark.control(NAME)\ndef test_one(): ...", "ids in quotes"),
        ("@pytest.mark.control()\ndef test_one(): ...", "ids in quotes"),
        ("CASES = [pytest.param(1, marks=pytest.mark.control('trail'))]", "on no test"),
    ],
)
def test_a_mark_that_cannot_be_read_is_told(source: str, said: str) -> None:
    with pytest.raises(MarkError, match=said):
        list(marked(source, "x.py"))
