"""The shared pieces: hashes of JSON, tool names, arguments at a tool's door."""

import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.common.canonical import canonical_json, digest
from functions.common.tool import Arguments, RefusalError, Result, tool
from functions.common.tool_names import catalogue_name

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def shuffled(value: Any, source: random.Random) -> Any:
    """The same value with the keys of its objects in another order."""
    if isinstance(value, dict):
        keys = list(value)
        source.shuffle(keys)
        return {key: shuffled(value[key], source) for key in keys}
    if isinstance(value, list):
        return [shuffled(item, source) for item in value]
    return value


@given(json_values, st.randoms(use_true_random=False))
def test_equal_values_have_one_hash_in_whatever_order_their_keys_are(
    value: Any, source: random.Random
) -> None:
    assert digest(shuffled(value, source)) == digest(value)
    assert json.loads(canonical_json(value)) == value


@given(json_values, json_values)
def test_different_values_have_different_texts(one: Any, other: Any) -> None:
    if canonical_json(one) == canonical_json(other):
        assert one == other


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {"a": [float("-inf")]}])
def test_what_json_has_no_word_for_has_no_hash(value: Any) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        digest(value)


@pytest.mark.parametrize(
    ("spelled", "name"),
    [
        ("refund-issue___refund-issue", "refund-issue"),
        ("@tools/refund-issue___refund-issue", "refund-issue"),
        ("tools___refund-issue___refund-issue", "refund-issue"),
        ("tools_refund-issue___refund-issue", "refund-issue"),
        ("shell", "shell"),
        ("evil___refund-issue", "evil___refund-issue"),
        ("not-refund-issue___refund-issue", "not-refund-issue___refund-issue"),
        ("refund-issue___", "refund-issue___"),
        ("", ""),
    ],
)
def test_tool_names(spelled: str, name: str) -> None:
    assert catalogue_name(spelled) == name


def test_another_targets_tool_gets_no_name_from_the_catalogue() -> None:
    assert catalogue_name("web-search___refund-issue") not in ("web-search", "refund-issue")


def arguments(values: Any) -> Arguments:
    return Arguments(values, ("name", "count"))


@pytest.mark.parametrize("values", [None, [], "text", 3])
def test_arguments_are_an_object(values: Any) -> None:
    with pytest.raises(RefusalError, match="object"):
        arguments(values)


def test_an_unknown_argument_is_named_with_those_allowed() -> None:
    with pytest.raises(RefusalError, match=r"'amount'.*name, count"):
        arguments({"name": "x", "amount": 3})


@pytest.mark.parametrize("value", [None, "", "  ", 3, ["x"], "x" * 11])
def test_a_text_is_not_empty_and_not_too_long(value: Any) -> None:
    with pytest.raises(RefusalError, match="name"):
        arguments({"name": value}).text("name", max_length=10)


def test_an_optional_text_may_be_missing_but_not_blank() -> None:
    assert arguments({}).text("name", max_length=10, default="") == ""
    with pytest.raises(RefusalError):
        arguments({"name": " "}).text("name", max_length=10, default="normal")


@pytest.mark.parametrize("value", [True, "3", 3.5, None, 0, 11, float("nan"), float("inf")])
def test_a_whole_number_is_one_and_within_its_range(value: Any) -> None:
    with pytest.raises(RefusalError, match="count"):
        arguments({"count": value}).integer("count", at_least=1, at_most=10)


def test_a_whole_number_may_be_written_with_a_point() -> None:
    assert arguments({"count": 5.0}).integer("count", at_least=1, at_most=10) == 5


def test_a_refusal_is_an_answer_and_a_fault_is_raised(context: Any) -> None:
    @tool("name")
    def handler(given: Arguments, context: Any) -> Result:
        if given.text("name", max_length=10) == "no":
            raise RefusalError("not_today", "Ask tomorrow.")
        raise RuntimeError("a fault")

    assert handler({"name": "no"}, context) == {"error": {"code": "not_today", "message": "Ask tomorrow."}}
    with pytest.raises(RuntimeError, match="a fault"):
        handler({"name": "yes"}, context)


def test_arguments_are_not_logged(context: Any, logged: Any) -> None:
    @tool("name")
    def handler(given: Arguments, context: Any) -> Result:
        raise RefusalError("not_today", f"Not {given.text('name', max_length=40)}.")

    handler({"name": "a private matter"}, context)
    assert "not_today" in logged()
    assert "private matter" not in logged()
