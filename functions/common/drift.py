"""What the drift monitor and who accepts a level for it both know: the metrics, and where an acceptance is kept."""

METRICS = (
    *("accuracy", "context_relevance", "cost_per_task"),
    *("journey_completion", "error_rate", "human_override_rate"),
)
KEPT_SECONDS = 90 * 24 * 3600


def accepted_key(agent: str) -> str:
    """Return the key, in the drift monitor's table, of what was accepted of an agent, by the ARN of its harness.

    It is an item of its own: the monitor writes an agent's anew with each pass.
    """
    return f"{agent} accepted"
