"""What a task costs at the least, as the supervisor counts it: a cap below that would let no task run."""

import json
from collections.abc import Mapping

from corral.spec.platform import Price
from corral.spec.resolved import ResolvedAgent, ResolvedLimits
from corral.spec.tool import Tool

BYTES_PER_TOKEN = 3  # the supervisor's, to which a test holds it
_TURNS = 2  # that a task is let have: one that goes on, one that ends


def base_tokens(agent: ResolvedAgent, tools: Mapping[str, Tool]) -> int:
    """Estimate what every turn of an agent reads: its prompt, and its tools as models see them."""
    return tokens_of(agent.system_prompt, {name: tools[name] for name in agent.tools})


def tokens_of(prompt: str, tools: Mapping[str, Tool]) -> int:
    """Estimate the tokens of a prompt and of tools' definitions."""
    shown = prompt + json.dumps([tool.definition() for tool in tools.values()], ensure_ascii=False)
    return -(-len(shown.encode()) // BYTES_PER_TOKEN)


def cap_problem(
    prompt: str, tools: Mapping[str, Tool], limits: ResolvedLimits, price: Price
) -> tuple[str, str] | None:
    """Return what is wrong with a cap that lets no task begin, and what to do; None if one can."""
    tokens = _TURNS * tokens_of(prompt, tools) * price.input + limits.max_output_tokens * price.output
    least = tokens / 1_000_000
    if limits.cost_per_task_usd >= least:
        return None
    return (
        f"{limits.cost_per_task_usd:g} lets no task begin: with this model, prompt, tools and max_output_tokens "
        f"{limits.max_output_tokens} a task may cost {least:.4f} before it has called a tool.",
        "Raise cost_per_task_usd, lower max_output_tokens, or take a cheaper model.",
    )
