"""Edits of a team's file: the lines of the edit change, and not a byte else."""

import difflib
import re
from datetime import date
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from corral.scaffold.yaml_text import CannotEditError, append_item, put, remove, remove_item, rename

AGENT: dict[str, Any] = {
    "name": "guide",
    "template": "helper@1",
    "stage": "experiment",
    "parameters": {"product": "Acme: Switch # 2", "level": 2, "brief": True},
    "tools": ["find-text", "pay-back"],
}
LINES = """\
- name: guide
  template: helper@1
  stage: experiment
  parameters: {product: "Acme: Switch # 2", level: 2, brief: true}
  tools: [find-text, pay-back]
"""


def read(text: str) -> Any:
    return YAML(typ="safe", pure=True).load(text)


def indented(lines: str, spaces: int) -> str:
    return "".join(" " * spaces + line for line in lines.splitlines(keepends=True))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(
            "agents:\n  - name: a   # first\n    stage: x # why\n\n# the end\n",
            "agents:\n  - name: a   # first\n    stage: x # why\n" + indented(LINES, 2) + "\n# the end\n",
            id="block list",
        ),
        pytest.param(
            "agents:\n- name: a\nretired: []\n",
            "agents:\n- name: a\n" + LINES + "retired: []\n",
            id="not indented",
        ),
        pytest.param(
            "agents:\n      -   name: a\n          stage: x\n",
            "agents:\n      -   name: a\n          stage: x\n" + indented(LINES, 6),
            id="indented far",
        ),
        pytest.param(
            "agents:\n  - name: a\n    # of a\n  # of nobody\nx: 1\n",
            "agents:\n  - name: a\n    # of a\n" + indented(LINES, 2) + "  # of nobody\nx: 1\n",
            id="comments of the last agent",
        ),
        pytest.param(
            "agents:\n  - name: a\n\n  - {name: b}\nx: 1\n",
            "agents:\n  - name: a\n\n  - {name: b}\n\n" + indented(LINES, 2) + "x: 1\n",
            id="blank lines between",
        ),
        pytest.param("a: 1\nagents: []\n", "a: 1\nagents:\n" + indented(LINES, 2), id="empty"),
        pytest.param(
            "agents: [ ]  # none yet\nx: 1\n",
            "agents:  # none yet\n" + indented(LINES, 2) + "x: 1\n",
            id="comment",
        ),
        pytest.param("agents:\nx: 1\n", "agents:\n" + indented(LINES, 2) + "x: 1\n", id="nothing"),
        pytest.param("agents: null\nx: 1\n", "agents:\n" + indented(LINES, 2) + "x: 1\n", id="null"),
        pytest.param("x: {a: 1}  # c\n", "x: {a: 1}  # c\nagents:\n" + indented(LINES, 2), id="no key"),
        pytest.param(
            "---\nx: 1\n...\n", "---\nx: 1\nagents:\n" + indented(LINES, 2) + "...\n", id="a marked document"
        ),
        pytest.param(
            "agents:\n  - name: a\n    p: |+\n      text\n\nx: 1\n",
            "agents:\n  - name: a\n    p: |+\n      text\n\n" + indented(LINES, 2) + "x: 1\n",
            id="text with blank lines of its own",
        ),
        pytest.param(
            "agents:\n  - name: a\n    p: >-\n      text\n      more\n\nx: 1\n",
            "agents:\n  - name: a\n    p: >-\n      text\n      more\n" + indented(LINES, 2) + "\nx: 1\n",
            id="folded text",
        ),
        pytest.param(
            "agents:\n  - name: a\n    p:\nx: 1\n",
            "agents:\n  - name: a\n    p:\n" + indented(LINES, 2) + "x: 1\n",
            id="a key without a value at the end",
        ),
    ],
)
def test_an_agent_is_added(before: str, after: str) -> None:
    assert append_item(before, "agents", AGENT) == after


FLOW = (
    '{name: guide, template: helper@1, stage: experiment, parameters: {product: "Acme: Switch # 2", level: 2, '
    "brief: true}, tools: [find-text, pay-back]}"
)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("agents: [{name: a}]  # c\nx: 1\n", f"agents: [{{name: a}}, {FLOW}]  # c\nx: 1\n"),
        ("agents: [{name: a},]\n", f"agents: [{{name: a}}, {FLOW},]\n"),
        ("agents: [\n  {name: a}  # c, d\n]\n", f"agents: [\n  {{name: a}},  # c, d\n  {FLOW}\n]\n"),
        ("agents: [\n  {name: a},  # c\n]\n", f"agents: [\n  {{name: a}},  # c\n  {FLOW},\n]\n"),
        ("agents: [\n  # none\n]\n", f"agents: [\n  # none\n{FLOW}\n]\n"),
        ("{x: 1, agents: []}\n", f"{{x: 1, agents: [{FLOW}]}}\n"),
    ],
)
def test_an_agent_is_added_to_a_list_in_brackets(before: str, after: str) -> None:
    assert append_item(before, "agents", AGENT) == after


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_line_breaks_and_a_missing_last_one_stay(newline: str, end: str) -> None:
    if newline == "\r":
        end = end and "\r"
    before = newline.join(["a: 1", "agents:", "  - name: a"]) + (end and newline)
    after = append_item(before, "agents", AGENT)
    added = indented(LINES, 2).rstrip().replace("\n", newline)
    assert after == before + (added + newline if end else newline + added)


# Files as people write them: each agent's own text, with comments, quotes and spacing of all kinds.
_scalars = st.sampled_from(
    [
        "a",
        '"x # y"',
        "'it''s'",
        "1",
        "2.50",
        "true",
        "null",
        "[a, b]",
        "{a: 1, b: [c]}",
        "é😀",
        "~",
        "[]",
        "2026-01-31",
    ]
)
_comments = st.sampled_from(["", " # note", "   # a: b, [c", "  "])
_gaps = st.sampled_from(["", "\n", "  # aside\n", "      # deep\n", "\n\n", "# edge\n"])


@st.composite
def team_files(draw: st.DrawFn) -> str:
    head = draw(st.sampled_from(["", "---\n", "# top\n\n", "apiVersion: corral/v1 # v\n"]))
    lines = [head, "team: support\n", draw(_gaps)]
    kind = draw(st.sampled_from(["block", "block", "block", "flow", "empty", "none"]))
    if kind == "flow":
        items = draw(st.lists(_scalars.map(lambda value: f"{{name: a, p: {value}}}"), min_size=1, max_size=3))
        between = draw(st.sampled_from([", ", ",", ",\n   ", ", # c\n   "]))
        ends = draw(st.sampled_from([("[", "]"), ("[ ", ",]"), ("[\n   ", "\n  ]"), ("[\n   ", " # c\n  ]")]))
        lines.append(f"agents: {ends[0]}{between.join(items)}{ends[1]}{draw(_comments)}\n")
    elif kind == "empty":
        lines.append(f"agents:{draw(st.sampled_from(['', ' []', ' [ ]', ' ~']))}{draw(_comments)}\n")
    elif kind == "block":
        column = draw(st.integers(0, 5))
        lines.append(f"agents:{draw(_comments)}\n")
        for _ in range(draw(st.integers(1, 3))):
            lines.append(f"{' ' * column}- name: {draw(_scalars)}{draw(_comments)}\n")
            for key in draw(st.lists(st.sampled_from(["p", "q", "r"]), unique=True)):
                value = draw(
                    st.one_of(
                        _scalars, st.sampled_from(["", "|\n{}text\n\n{}more", ">-\n{}text", "|+\n{}x\n"])
                    )
                )
                deeper = " " * (column + 6)
                comment = "" if "\n" in value else draw(_comments)
                lines.append(f"{' ' * (column + 2)}{key}: {value.replace('{}', deeper)}{comment}\n")
            lines.append(draw(_gaps))
    lines.append(draw(st.sampled_from(["", "retired: []\n", "owner:\n  name: x\n", "# last\n"])))
    text = "".join(lines)
    if draw(st.booleans()):
        text = text.rstrip("\n")
        # such a text would say less: its last break is part of what it says
        assume(not any("|" in line or ">" in line for line in text.splitlines()[-4:]))
    return text.replace("\n", draw(st.sampled_from(["\n", "\r\n"])))


_values = st.one_of(
    st.text(
        st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp", "Cn", "Co"]), max_size=30
    ),
    st.integers(-(10**9), 10**9),
    st.booleans(),
    st.floats(allow_nan=False, allow_infinity=False),
)
_agents = st.fixed_dictionaries(
    {"name": st.text("abc-1", min_size=1, max_size=8), "template": st.just("helper@1")},
    optional={
        "parameters": st.dictionaries(
            st.sampled_from(["a", "b_c", "d", "e", "y", "no"]), _values, max_size=5
        ),
        "tools": st.lists(st.sampled_from(["find-text", "on", "x"]), max_size=3),
        "limits": st.fixed_dictionaries({"cost_per_task_usd": st.floats(0.01, 1)}),
    },
)


@settings(max_examples=120, deadline=None)
@given(team_files(), _agents)
def test_adding_an_agent_leaves_all_else_equal(text: str, agent: dict[str, Any]) -> None:
    before = read(text)
    if "\ufeff" in str(agent):
        return
    try:
        after = append_item(text, "agents", agent)
    except CannotEditError:
        # What follows a text that keeps its last breaks can be part of it: refused rather than guessed at.
        assert re.search(r"[|>][0-9]?\+", text)
        return
    assert repr(read(after)) == repr({**before, "agents": [*(before.get("agents") or []), agent]})
    old, new = text.splitlines(keepends=True), after.splitlines(keepends=True)
    if isinstance(before.get("agents"), list) and before["agents"] and "agents: [" not in text:
        # Lines come in at one place, and none goes.
        changes = [
            op
            for op in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
            if op[0] != "equal"
        ]
        whole = text.endswith("\n")
        assert whole is False or {op[0] for op in changes} == {"insert"}
        assert after.replace(_inserted(text, after), "", 1) == text
    assert after.endswith("\n") == text.endswith("\n") or not text.endswith("\n")


def _inserted(text: str, after: str) -> str:
    """What one insertion made of `text`."""
    start = next((i for i, (a, b) in enumerate(zip(text, after, strict=False)) if a != b), len(text))
    end = len(after) - (len(text) - start)
    assert after[:start] + after[end:] == text
    return after[start:end]


@settings(max_examples=120, deadline=None)
@given(team_files(), _agents)
def test_removing_the_agent_again_gives_the_file_as_it_was(text: str, agent: dict[str, Any]) -> None:
    before = read(text)
    count = len(before.get("agents") or [])
    if "\ufeff" in str(agent):
        return
    after = remove_item(append_item(text, "agents", agent), "agents", count)
    if count and "agents: [" not in text:
        assert after == text
    assert repr(read(after).get("agents") or []) == repr(before.get("agents") or [])


REMOVALS = """\
agents:
  # all of them

  # about a
  # more about a
  - name: a  # here
    p: [1,
      2]
    # of a
  # about b
  - name: b

  - name: c
x: 1
"""


@pytest.mark.parametrize(
    ("index", "gone"),
    [
        (0, "  # about a\n  # more about a\n  - name: a  # here\n    p: [1,\n      2]\n    # of a\n"),
        (1, "  # about b\n  - name: b\n"),
        (2, "\n  - name: c\n"),
    ],
)
def test_an_agent_goes_with_the_comment_above_it(index: int, gone: str) -> None:
    assert remove_item(REMOVALS, "agents", index) == REMOVALS.replace(gone, "")


def test_of_two_gaps_around_an_agent_one_goes() -> None:
    text = "agents:\n  - name: a\n\n  - name: b\n\n  - name: c\n"
    assert remove_item(text, "agents", 1) == "agents:\n  - name: a\n\n  - name: c\n"


def test_the_only_agent() -> None:
    text = "agents:  # ours\n  # it\n  - name: a\nx: 1\n"
    assert remove_item(text, "agents", 0) == "agents: []  # ours\nx: 1\n"
    assert remove_item("agents: [{name: a}]\n", "agents", 0) == "agents: []\n"
    assert remove_item("agents: [{name: a}, {name: b},]\n", "agents", 0) == "agents: [{name: b},]\n"
    assert remove_item("agents: [{name: a}, {name: b},]\n", "agents", 1) == "agents: [{name: a},]\n"


BLOCK = """\
agents:
  - name: a
    template: helper@1 # pinned
    parameters:
      tone: formal  # why
      level: 2
"""
INLINE = 'agents:\n  - {name: a, template: "helper@1", parameters: {tone: formal, level: 2}}\n'


def test_values_keys_and_entries_change_where_they_stand() -> None:
    place = ("agents", 0, "parameters")
    assert put(BLOCK, ("agents", 0, "template"), "helper@2") == BLOCK.replace("helper@1", "helper@2")
    assert put(INLINE, ("agents", 0, "template"), "helper@2") == INLINE.replace('"helper@1"', "helper@2")
    assert put(BLOCK, (*place, "tone"), "very friendly") == BLOCK.replace("formal", '"very friendly"')
    assert rename(BLOCK, (*place, "tone"), "style") == BLOCK.replace("tone", "style")
    assert rename(INLINE, (*place, "tone"), "style") == INLINE.replace("tone", "style")
    assert put(BLOCK, (*place, "new"), 1.5) == BLOCK + "      new: 1.5\n"
    assert put(INLINE, (*place, "new"), True) == INLINE.replace("level: 2", "level: 2, new: true")
    assert remove(BLOCK, (*place, "tone")) == BLOCK.replace("      tone: formal  # why\n", "")
    assert remove(INLINE, (*place, "level")) == INLINE.replace(", level: 2", "")
    assert remove(INLINE, (*place, "tone")) == INLINE.replace("tone: formal, ", "")


def test_the_last_entry_leaves_an_empty_mapping() -> None:
    text = "agents:\n  - name: a\n    parameters:  # p\n      tone: formal\n"
    assert (
        remove(text, ("agents", 0, "parameters", "tone")) == "agents:\n  - name: a\n    parameters: {}  # p\n"
    )


def test_a_mapping_that_is_not_there_is_added() -> None:
    text = "agents:\n  - name: a\n  - name: b\n"
    added = put(text, ("agents", 0, "parameters"), {"tone": "formal"})
    assert added == "agents:\n  - name: a\n    parameters: {tone: formal}\n  - name: b\n"


def test_a_day_is_written_as_one() -> None:
    text = append_item(
        "x: 1\n", "retired", {"name": "a", "since": date(2026, 11, 24), "reason": "Nobody asked it."}
    )
    assert text == 'x: 1\nretired:\n  - name: a\n    since: 2026-11-24\n    reason: "Nobody asked it."\n'


@pytest.mark.parametrize(
    "text", ["", "- a\n", "a: [\n", "a: b: c\n", "x: 1\nx: 2\n", "agents: text\n", "agents: {a: 1}\n"]
)
def test_what_cannot_be_edited_is_refused(text: str) -> None:
    with pytest.raises(CannotEditError):
        append_item(text, "agents", AGENT)


def test_an_edit_that_would_say_something_else_is_refused() -> None:
    # The list's own anchor is an alias's elsewhere: what is added to one is added to both.
    with pytest.raises(CannotEditError, match="cannot be edited safely"):
        append_item("agents: &a\n  - name: a\nothers: *a\n", "agents", AGENT)
