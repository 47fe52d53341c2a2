"""The history that baselines are learned from, of many agents in one request.

On most days no baseline is due. When a fleet was made in one go, all are due in the same pass: asked for one by one
that would be six requests an agent.
"""

from collections.abc import Mapping, Sequence

from functions.drift_monitor import measurements
from functions.drift_monitor.agents import Watched
from functions.drift_monitor.detect.memory import Memory
from functions.drift_monitor.detect.sample import Sample
from functions.drift_monitor.memories import Kept

VALUES = 100_800  # of one answer of GetMetricData; more at once would only fill the memory


class Past:
    """The history of some agents. `series` is what has been read of them already, from one time until another."""

    def __init__(
        self,
        agents: Sequence[Watched],
        kept: Mapping[str, Kept],
        series: measurements.Series,
        since: int,
        until: int,
    ) -> None:
        self._series, self._since, self._until = series, since, until
        self._due = [
            (agent, name, memory.since)
            for agent in agents
            for name, memory in kept[agent.arn].memories.items()
            if memory.since is not None and _due(memory, until) and self._is_new(agent, name, memory)
        ]
        self._at = {(agent.arn, name): index for index, (agent, name, _) in enumerate(self._due)}
        self._read: measurements.Series = {}

    def of(self, agent: Watched, name: str, first: int, last: int) -> list[Sample]:
        """The samples of a metric from one time until before another. Raises what CloudWatch raises."""
        key = (agent.arn, name)
        found = self._series if first >= self._since else self._read
        if key not in found:
            # What was read for those before is not asked for again: agents are judged one after the other.
            found = self._read = self._together(agent, name, first)
        return [sample for sample in found[key] if first <= sample.time < last]

    def _together(self, agent: Watched, name: str, first: int) -> measurements.Series:
        """Read one that is asked for, and those after it that will be, as many as one answer holds."""
        wanted, oldest = [(agent, name)], first
        index = self._at.get((agent.arn, name))
        for other, its, since in self._due[index + 1 :] if index is not None else ():
            oldest_of_all = min(oldest, since)
            values = measurements.values(len(wanted) + 1, oldest_of_all, self._until)
            if values > VALUES or measurements.queries(len(wanted) + 1) > measurements.QUERIES:
                break
            wanted.append((other, its))
            oldest = oldest_of_all
        return measurements.read_some(wanted, oldest, self._until)

    def _is_new(self, agent: Watched, name: str, memory: Memory) -> bool:
        """Whether something was measured that is still to be judged: nothing is learned without."""
        samples = self._series[agent.arn, name]
        return bool(samples) and (memory.last is None or samples[-1].time > memory.last)


def _due(memory: Memory, until: int) -> bool:
    """Whether the detector will ask for history by a time, the hours before it included."""
    if memory.refine is None:
        return memory.baseline is None
    return memory.refine <= until and not memory.drifting
