"""The supervisor: a harness asks it at every step, and goes on only if it says allow.

It fails closed: whatever it cannot read, decide or record is denied. The record is written before the answer,
so that no call runs without one; a call that a person approved and that cannot be recorded is denied with its
grant spent.
"""

import os
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.common.aws import client, error_code, table
from functions.supervisor import agents, measures, records
from functions.supervisor.agents import Agent
from functions.supervisor.decision import Decision, deny
from functions.supervisor.hook import Hook
from functions.supervisor.rules import decide

logger = Logger()

_MAX_REASON = 1024  # what the harness passes on

if "AWS_LAMBDA_INITIALIZATION_TYPE" in os.environ:
    # Lambda lends a function more CPU while it starts: what every decision needs is made then, not by the first.
    table(os.environ["AGENTS_TABLE"])
    client("firehose")


def handler(event: Any, context: LambdaContext) -> dict[str, str]:
    """Answer a lifecycle hook with {"decision": "allow" | "deny", "reason"?}."""
    hook = Hook.read(event)
    agent: Agent | None = None
    try:
        agent = agents.load(hook.harness_arn) if hook.harness_arn else None
        decision = decide(hook, agent)
    except Exception as error:
        logger.exception("no decision", extra={"hook": hook.id})
        measures.failed()
        decision = deny(f"the supervisor could not decide: {error_code(error)}")
    try:
        records.write(hook, agent, decision)
    except Exception:
        logger.exception("no record", extra={"hook": hook.id})
        measures.failed()
        return _answer(deny("no record could be written"))
    logger.info(
        "decided",
        extra={
            "hook": hook.id,
            "step": hook.event,
            "harness": hook.harness_arn,
            "tool": hook.tool,
            "allowed": decision.allowed,
            "approval": decision.approval_id,
        },
    )
    measures.measure(hook, agent, decision)
    return _answer(decision)


def _answer(decision: Decision) -> dict[str, str]:
    answer = {"decision": "allow" if decision.allowed else "deny"}
    if decision.reason:
        answer["reason"] = decision.reason[:_MAX_REASON]
    return answer
