"""The scripted model: which scenario, which turn, and how values are filled in."""

from typing import Any

import pytest

from corral.local.server.bedrock.script import next_block

SCRIPT: dict[str, Any] = {
    "parameters": {"product": "Router"},
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
    first = next_block(SCRIPT, messages, ["refund-issue___refund-issue"])
    assert first["toolUse"]["name"] == "refund-issue___refund-issue"
    assert first["toolUse"]["input"] == {"cents": 5, "why": "Router", "tags": ["2"]}
    messages += used(first, '{"id": "R1"}')
    second = next_block(SCRIPT, messages, [])
    assert second["toolUse"]["input"] == {"ref": "R1"}
    messages += used(second, "it failed")
    assert next_block(SCRIPT, messages, []) == {"text": "R1 then it failed"}
    messages.append({"role": "assistant", "content": [{"text": "done"}]})
    assert "has no turn 4" in next_block(SCRIPT, messages, [])["text"]


def test_a_new_message_starts_a_scenario_anew() -> None:
    messages = [user("Bad"), {"role": "assistant", "content": [{"text": "x"}]}, user("  Refund me ")]
    assert "toolUse" in next_block(SCRIPT, messages, [])


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
    assert next_block(SCRIPT, [user("Refund me")], offered)["toolUse"]["name"] == name


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
    assert next_block(script, [user(text)], [])["text"].startswith(said)


def test_without_a_users_message_it_says_so() -> None:
    assert next_block(SCRIPT, [{"role": "assistant", "content": [{"text": "hi"}]}], [])["text"].endswith(
        "user."
    )
