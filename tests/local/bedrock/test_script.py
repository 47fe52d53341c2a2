"""The scripted model: which scenario, which turn, and how values are filled in."""

from typing import Any

import pytest

from corral.local.server.bedrock.script import next_turn

SCRIPT: dict[str, Any] = {
    "parameters": {"product": "Router"},
    "agent": "helpdesk",
    "team": "support",
    "scenarios": [
        {
            "name": "refund",
            "user": "Refund me\n",
            "model": [
                {
                    "tool": "refund-issue",
                    "input": {"cents": 5, "why": "{{ parameters.product }}", "tags": ["{{ 1 + 1 }}"]},
                },
                {"tool": "ticket-create", "input": {"ref": "{{ last.id }}"}},
                {"say": "{{ results[0].id }} then {{ last }}"},
            ],
        },
        {"name": "bad", "user": "Bad", "model": [{"say": "{{ last.id }}"}]},
        {"name": "who", "user": "Who", "model": [{"say": "{{ agent }} of {{ team }}"}]},
        {
            "name": "loop",
            "user": "Loop",
            "model": [
                {"tool": "find", "input": {"n": 0}, "repeat": False, "instead": None},
                {"tool": "find", "input": {"n": "{{ results | length }}"}, "repeat": True},
                {"say": "never"},
            ],
        },
        {
            "name": "fault",
            "user": "Fault",
            "model": [
                {"tool": "find", "instead": {"returns": None, "fails": "timeout"}},
                {"tool": "find", "instead": {"returns": {"text": "{{ agent }}"}, "fails": None}},
                {"tool": "find"},
                {"say": "done"},
            ],
        },
        {"name": "evil", "user": "Evil", "model": [{"say": "{{ ''.__class__.__mro__ }}"}]},
    ],
}


def user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": [{"text": text}]}


def used(block: dict[str, Any], result: str) -> list[dict[str, Any]]:
    """A tool use and its result."""
    answer = {"toolUseId": block["toolUse"]["toolUseId"], "content": [{"text": result}], "status": "success"}
    return [{"role": "assistant", "content": [block]}, {"role": "user", "content": [{"toolResult": answer}]}]


def test_turns_follow_each_other_and_see_the_results() -> None:
    messages = [user("Refund me")]
    first = next_turn(SCRIPT, messages, ["refund-issue___refund-issue"]).block
    assert first["toolUse"]["name"] == "refund-issue___refund-issue"
    assert first["toolUse"]["input"] == {"cents": 5, "why": "Router", "tags": ["2"]}
    messages += used(first, '{"id": "R1"}')
    second = next_turn(SCRIPT, messages, []).block
    assert second["toolUse"]["input"] == {"ref": "R1"}
    messages += used(second, "it failed")
    assert next_turn(SCRIPT, messages, []).block == {"text": "R1 then it failed"}
    messages.append({"role": "assistant", "content": [{"text": "done"}]})
    assert "has no turn 4" in next_turn(SCRIPT, messages, []).block["text"]


def test_a_new_message_starts_a_scenario_anew() -> None:
    messages = [user("Bad"), {"role": "assistant", "content": [{"text": "x"}]}, user("  Refund me ")]
    assert "toolUse" in next_turn(SCRIPT, messages, []).block


@pytest.mark.parametrize(
    ("offered", "name"),
    [
        (["refund-issue"], "refund-issue"),
        (["x___refund-issue___refund-issue", "other"], "x___refund-issue___refund-issue"),
        (["not-refund-issue"], "refund-issue___refund-issue"),
        ([], "refund-issue___refund-issue"),
    ],
)
def test_a_tool_goes_by_the_name_it_was_offered_under(offered: list[str], name: str) -> None:
    assert next_turn(SCRIPT, [user("Refund me")], offered).block["toolUse"]["name"] == name


@pytest.mark.parametrize(
    ("script", "text", "said"),
    [
        (SCRIPT, "What is this?", "(scripted model) no scenario for this message."),
        (None, "Refund me", "(scripted model) no scenario for this message."),
        (SCRIPT, "Bad", "(scripted model) turn 1 of scenario bad fails:"),
        (SCRIPT, "Evil", "(scripted model) turn 1 of scenario evil fails:"),
    ],
)
def test_what_it_cannot_play_it_says(script: Any, text: str, said: str) -> None:
    assert next_turn(script, [user(text)], []).block["text"].startswith(said)


def test_without_a_users_message_it_says_so() -> None:
    assert (
        next_turn(SCRIPT, [{"role": "assistant", "content": [{"text": "hi"}]}], [])
        .block["text"]
        .endswith("user.")
    )


def test_a_turn_knows_whose_agent_it_is() -> None:
    assert next_turn(SCRIPT, [user("Who")], []).block == {"text": "helpdesk of support"}


def test_a_call_that_is_repeated_goes_on_with_fresh_ids_and_texts() -> None:
    messages = [user("Loop")]
    uses = []
    for _ in range(6):
        block = next_turn(SCRIPT, messages, []).block
        uses.append(block["toolUse"])
        messages += used(block, "{}")
    assert [use["input"]["n"] for use in uses] == [0, "1", "2", "3", "4", "5"]
    assert len({use["toolUseId"] for use in uses}) == 6


def test_what_a_function_does_instead_goes_with_its_call_alone() -> None:
    messages, instead = [user("Fault")], []
    for _ in range(3):
        turn = next_turn(SCRIPT, messages, [])
        instead.append(turn.instead)
        messages += used(turn.block, "{}")
    assert instead == [
        {"returns": None, "fails": "timeout"},
        {"returns": {"text": "helpdesk"}, "fails": None},
        None,
    ]
    assert next_turn(SCRIPT, messages, []).instead is None
