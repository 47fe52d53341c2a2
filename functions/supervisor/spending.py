"""What a task has used so far, counted at each of its steps, and the cap that it may not pass.

Until a task is over nobody tells its tokens, so they are estimated from the size of everything that goes into the
model: prompt and tools, what the session has said before, messages, arguments, results. Each turn of the model reads
all of it again. Of what the model writes, all that its harness lets it write in a task counts from the start.
What a tool says that a call of it costs is counted once it has run.

A step is let through only while the cap pays for two more turns: one that goes on, and one that is told to end. So a
task that does as it is told ends within its cap; docs/cost.md says what others may cost, and how far estimates are
off. A call asks for a third turn, since a task is better told to answer than stopped after what the call brings.
"""

import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from functions.common.aws import table
from functions.supervisor.hook import AFTER_TOOL_CALL, BEFORE_INVOCATION, BEFORE_TOOL_CALL, Hook

BYTES_PER_TOKEN = 3  # of UTF-8; English has four to five, and JSON about three and a half
# What a function may answer at most: a harness cuts what is over 64 KiB, and does not say how much there was.
LARGEST_RESULT = 6 * 1024 * 1024
KEPT_SECONDS = 30 * 24 * 3600  # as long as a session's memory
_TURNS = 2
_TURNS_OF_A_CALL = 3
_MICRO = 1_000_000  # what tools cost is kept in millionths of a US dollar, as whole numbers


@dataclass(frozen=True)
class Cap:
    """What one task of an agent may cost, and what that is counted with: US dollars, and tokens."""

    usd: float
    base_tokens: int  # of its prompt and of its tools' descriptions, which every turn reads
    max_output_tokens: int
    input_price: float  # US dollars for a million tokens
    output_price: float
    tools: Mapping[str, float] = field(default_factory=dict)  # US dollars a call, of those that cost any

    def at_most(self, read: float, context: float, turns: int = _TURNS) -> float:
        """What a task costs at most that has read so many tokens and has so many turns to go."""
        spent = (read + turns * context) * self.input_price + self.max_output_tokens * self.output_price
        return spent / 1_000_000


def over(hook: Hook, cap: Cap) -> str | None:
    """Count a step, before it is let through. Return why the task may not go on, None if it may."""
    if hook.event == BEFORE_INVOCATION:
        read = ":none"
    elif hook.event == BEFORE_TOOL_CALL:
        # The turn that asks for this call has read what there was before it.
        read = "if_not_exists(#r, :none) + if_not_exists(#c, :base)"
    else:
        read = "if_not_exists(#r, :none)"
    paid = ":none" if hook.event == BEFORE_INVOCATION else "if_not_exists(#p, :none)"
    fee = cap.tools.get(hook.tool or "", 0.0)
    counted = _count(
        hook,
        cap,
        f"SET #r = {read}, #c = if_not_exists(#c, :base) + :new, #p = {paid} + :fee",
        fee if hook.event == AFTER_TOOL_CALL else 0.0,
    )
    turns = _TURNS_OF_A_CALL if hook.event == BEFORE_TOOL_CALL else _TURNS
    cost = cap.at_most(float(counted["read"]), float(counted["context"]), turns) + _usd(counted)
    if hook.event == BEFORE_TOOL_CALL:
        cost += fee
    if cost <= cap.usd:
        return None
    may = f"cost cap: going on may bring this task to {cost:.3f} US dollars, of the {cap.usd:g} it may cost"
    if hook.event == BEFORE_INVOCATION:
        return f"{may}. The message or what was said before is too long: begin another session"
    if hook.event == BEFORE_TOOL_CALL:
        return f"{may}. The call did not run. Call no more tools: answer with what you have, and say what is missing"
    return f"{may}, after what {hook.tool} answered"


def settle(hook: Hook, cap: Cap) -> float:
    """Keep how long the session is now, for its next task: no longer than AWS counted.

    Returns what the task's tools cost, in US dollars.
    """
    tasks, key = table(os.environ["TASKS_TABLE"]), _key(hook)
    item = tasks.get_item(Key=key, ConsistentRead=True).get("Item")
    if item is None:
        return 0.0
    used = hook.context.get("usage")
    used = used if isinstance(used, dict) else {}
    read, written = used.get("inputTokens"), used.get("outputTokens")
    if isinstance(read, int) and isinstance(written, int):
        # What all turns read together is no less than what the last one did.
        context = max(cap.base_tokens, min(int(item["context"]), read)) + written
        tasks.put_item(Item={**key, "context": context, "read": 0, "kept_until": _until()})
    return _usd(item)


def _usd(item: Mapping[str, Any]) -> float:
    return int(item.get("paid", 0)) / _MICRO


def _count(hook: Hook, cap: Cap, update: str, fee: float) -> dict[str, Any]:
    """Change what is kept of the task in one step, and return it. Tasks of one session at a time share it."""
    answer = table(os.environ["TASKS_TABLE"]).update_item(
        Key=_key(hook),
        UpdateExpression=f"{update}, #k = :until",
        ExpressionAttributeNames={"#c": "context", "#r": "read", "#p": "paid", "#k": "kept_until"},
        ExpressionAttributeValues={
            ":base": cap.base_tokens,
            ":new": _new(hook),
            ":none": 0,
            ":fee": round(fee * _MICRO),
            ":until": _until(),
        },
        ReturnValues="ALL_NEW",
    )
    return dict(answer["Attributes"])


def _key(hook: Hook) -> dict[str, str]:
    return {"agent": hook.harness_arn, "session": hook.session_id}


def _until() -> int:
    return int(time.time()) + KEPT_SECONDS


def _new(hook: Hook) -> int:
    """The tokens that a step adds to what the model reads."""
    name = {BEFORE_INVOCATION: "messages", BEFORE_TOOL_CALL: "toolInput"}.get(hook.event, "toolResult")
    return tokens(hook.context.get(name))


def tokens(value: Any) -> int:
    """Estimate the tokens of a value, rather too many than too few."""
    if isinstance(value, dict) and value.keys() == {"truncated", "preview"}:
        return LARGEST_RESULT // BYTES_PER_TOKEN
    return -(-len(json.dumps(value, ensure_ascii=False).encode()) // BYTES_PER_TOKEN)
