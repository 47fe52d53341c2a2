"""Tells a team, in words, that one of its agents has got worse, or is well again."""

from functions.common.aws import client
from functions.drift_monitor.agents import Watched
from functions.drift_monitor.detect.memory import ALARMING
from functions.drift_monitor.detect.metrics import METRICS
from functions.drift_monitor.detect.words import when
from functions.drift_monitor.judging import Change

_MAX_SUBJECT = 100  # SNS's


def tell(agent: Watched, change: Change) -> None:
    """Publish to the team's topic. Raises what SNS raises."""
    client("sns").publish(
        TopicArn=agent.topic,
        Subject=subject(agent, change)[:_MAX_SUBJECT],
        Message=message(agent, change),
    )


def subject(agent: Watched, change: Change) -> str:
    """What an e-mail is about."""
    title = METRICS[change.metric].title
    if change.found.state == "learning":
        return f"Accepted as it is: {agent.shown} {title}"
    if change.found.state not in ALARMING:
        return f"Well again: {agent.shown} {title}"
    what = "Nothing measured" if change.found.state == "silent" else "Worse"
    return f"{what}: {agent.shown} {title}"


def message(agent: Watched, change: Change) -> str:
    """What is to be read: what changed, since when, and where to look."""
    found = change.found
    if found.state in ALARMING:
        said = f"{found.reason}\n\nState: {found.state}, score {found.score:.2f} (1 alarms)"
    else:
        was = change.before
        said = f"{found.reason}\n\nIt was: {was.state}, since {when(was.since)}" if was else found.reason
    return (
        f"{agent.shown} in {agent.environment}, {METRICS[change.metric].title}:\n{said}\n"
        f"Version: {agent.version}\nJudged: {when(found.since)}\n\n"
        f"Look: corral drift show {agent.environment} {agent.shown}\n"
        f'Stop it: corral suspend {agent.environment} {agent.shown} --reason "why"\n'
        f"What to do: docs/drift.md, When an alarm comes; its runbook: agents/{agent.shown}.html of the "
        f"documentation site\n"
    )
