"""What people are told of an approval: in words, with the exact arguments, as text that mail and chat show alike."""

import json
import os
import re
from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools import Logger

from functions.common.approvals import Item
from functions.common.aws import client, error_code

logger = Logger()

_NAME = re.compile(r"[A-Za-z_]\w{0,63}", re.ASCII)
_SHOWN_CHARACTERS = 2000
_SUBJECT_CHARACTERS = 100  # SNS's


def words(item: Item) -> str:
    """Say what an agent wants to do and why a person is asked, in a few lines with the exact arguments."""
    lines = [
        f"Agent {item['agent_name']} of team {item['team']} ({item['environment']}) wants to call {item['tool']}.",
        *([f"What that does: {item['tool_does']}"] if item["tool_does"] else []),
        f"Why you are asked: {item['because']}.",
        "Arguments:",
        *(
            f"  {name if _NAME.fullmatch(name) else _visible(name)} = {_visible(value)}"
            for name, value in json.loads(item["arguments"]).items()
        ),
    ]
    return "\n".join(lines)


def _visible(value: Any) -> str:
    """Return JSON on one line without anything that a screen would not show: the agent chose it, a person reads it."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    return "".join(letter if letter.isprintable() else json.dumps(letter)[1:-1] for letter in text)


def until(item: Item) -> str:
    """Return the time at which an item stops to give anything, such as 2026-01-31 18:00 UTC."""
    return f"{datetime.fromtimestamp(int(item['expires_at']), UTC):%Y-%m-%d %H:%M} UTC"


def tell(item: Item, subject: str, first: str, **attributes: str) -> bool:
    """Publish a question. Subscribers may filter by team, kind and what is in `attributes`. False if that failed."""
    said = words(item)
    if len(said) > _SHOWN_CHARACTERS:
        said = f"{said[:_SHOWN_CHARACTERS]}\n(cut here: corral approvals show has all of it)"
    needed = int(item["approvers_needed"])
    people = "one person approves" if needed == 1 else f"{needed} people approve"
    which = f"{item['environment']} {item['id']} --team {item['team']}"
    message = (
        f"{first}\n\n{said}\n\n"
        f"It runs once, with exactly these arguments, if {people} by {until(item)}. Otherwise it does not run.\n\n"
        f"Approval {item['id']}, session {item['session_id']}\n"
        f"Look at it:  corral approvals show {which}\n"
        f"Approve it:  corral approvals approve {which}\n"
        f'Deny it:     corral approvals deny {which} --reason "..."\n'
    )
    values = {"team": item["team"], "kind": "approval", **attributes}
    try:
        client("sns").publish(
            TopicArn=os.environ["ALERTS_TOPIC_ARN"],
            Subject=f"{subject}: {item['team']}/{item['agent_name']} {item['tool']}"[:_SUBJECT_CHARACTERS],
            Message=message,
            MessageAttributes={
                name: {"DataType": "String", "StringValue": value} for name, value in values.items() if value
            },
        )
    except Exception as error:
        logger.error("nobody told", extra={"approval": item["id"], "cause": error_code(error)})
        return False
    return True
