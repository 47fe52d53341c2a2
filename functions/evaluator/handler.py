"""Asks a template's `evaluate(turns)` for a score, and answers as AgentCore wants it.

Whatever goes wrong with that code is an error in AWS's form, never a score: a session without one is left out of the
average. Its traceback is in the function's log.
https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/code-based-evaluators.html
"""

import importlib
import math
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.evaluator.turns import NoTurnsError, turns

logger = Logger()

MAX_TEXT = 2048  # of an explanation and of an error's message, AWS's own
_OWN = "functions.evaluator.own"  # the template's file, put there when the function is made
_FORM = "a number, True or False, None, or a mapping with value, label and explanation"


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one evaluation: `{label, value, explanation}`, or `{errorCode, errorMessage}`."""
    logger.set_correlation_id(context.aws_request_id)
    try:
        evaluate = importlib.import_module(_OWN).evaluate
        happened = turns(event)
        return _score(evaluate(happened))
    except NoTurnsError as error:
        return _error("NoTurns", str(error))
    except Exception as error:
        logger.exception("the evaluator failed")
        return _error("EvaluatorFailed", f"{type(error).__name__}: {error}")


def _score(said: Any) -> dict[str, Any]:
    """The score that an evaluator gives. AWS wants a label, and makes a series of each: there are few of them."""
    if isinstance(said, bool):
        return {"value": float(said), "label": "Yes" if said else "No"}
    if said is None:
        return {"label": "NotApplicable"}
    if isinstance(said, dict) and set(said) <= {"value", "label", "explanation"} and _sound(said):
        score: dict[str, Any] = {"label": str(said.get("label") or "Score")}
        if said.get("value") is not None:
            score["value"] = float(said["value"])
        if said.get("explanation"):
            score["explanation"] = str(said["explanation"])[:MAX_TEXT]
        return score
    if _is_number(said):
        return {"value": float(said), "label": "Score"}
    return _error("NotAScore", f"evaluate returned {said!r:.200}. Allowed: {_FORM}.")


def _sound(said: dict[str, Any]) -> bool:
    value = said.get("value")
    return bool(said) and (value is None or isinstance(value, bool) or _is_number(value))


def _is_number(said: Any) -> bool:
    return isinstance(said, int | float) and math.isfinite(said)


def _error(code: str, message: str) -> dict[str, Any]:
    return {"errorCode": code, "errorMessage": message[:MAX_TEXT]}
