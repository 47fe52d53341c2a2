"""One message to an agent and its answer, whoever sent it: guardrail, agent, guardrail."""

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.common.errors import ApiError
from functions.common.session import actor_id, runtime_session_id
from functions.front_door import guardrail
from functions.front_door.agents import Agent
from functions.front_door.harness import invoke
from functions.front_door.stream import Reply

logger = Logger()


def converse(
    name: str, agent: Agent, caller: str, message: str, given: str | None, context: LambdaContext
) -> dict[str, Any]:
    """Take a message through guardrail, agent and guardrail."""
    session_id = runtime_session_id(caller, name, given, agent.get("canary", 0))
    reply, blocked, level = Reply(), None, agent.get("guardrail", "standard")
    checked = guardrail.apply(level, "INPUT", message)
    if checked.blocked:
        blocked, reply.stop_reason = "input", "guardrail_intervened"
    else:
        seconds = context.get_remaining_time_in_millis() / 1000
        reply = invoke(agent, session_id, actor_id(caller), checked.text, seconds)
        try:
            checked = guardrail.apply(level, "OUTPUT", reply.answer)
        except ApiError as error:
            error.acted, error.retry_after = True, None
            raise
        if checked.blocked:
            blocked = "output"
    answer = {
        "agent": name,
        "session_id": session_id,
        "answer": checked.text,
        "stop_reason": reply.stop_reason,
        "blocked": blocked,
        "tool_calls": reply.tool_calls,
        "usage": {"input_tokens": reply.input_tokens, "output_tokens": reply.output_tokens},
        "request_id": context.aws_request_id,
    }
    told = ("agent", "session_id", "stop_reason", "blocked", "usage")
    logger.info("answered", extra={"caller": caller, **{key: answer[key] for key in told}})
    return answer
