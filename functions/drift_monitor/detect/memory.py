"""What the detector keeps of an agent and metric from one pass to the next: plain data, small, as JSON."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from functions.drift_monitor.detect.baseline import Baseline
from functions.drift_monitor.detect.evidence import Evidence
from functions.drift_monitor.detect.sample import Sample

State = Literal["learning", "comparing", "quiet", "watch", "drift", "better", "silent"]
ALARMING: tuple[State, ...] = ("drift", "silent")


@dataclass
class Comparison:
    """A new version against the baseline of the one before."""

    since: int
    count: int = 0


@dataclass
class Memory:
    """`since`: the start of the history a baseline is learned from. `refine`: when to learn it anew, from more.

    `accepted`: when the owner last took the agent as it was then.
    """

    since: int | None = None
    last: int | None = None
    version: str = ""
    baseline: Baseline | None = None
    refine: int | None = None
    worse: Evidence = field(default_factory=Evidence)
    better: Evidence = field(default_factory=Evidence)
    pending: Sample | None = None
    comparison: Comparison | None = None
    drifting: bool = False
    learned: str = ""
    accepted: int = 0

    @classmethod
    def of(cls, baseline: Baseline, since: int) -> "Memory":
        """Start with a baseline that was captured; it is learned anew once there is history from `since` on."""
        return cls(since=since, version=baseline.version, baseline=baseline, refine=since)

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Memory":
        """From what `to_json` gave, or what JSON made of it."""
        return cls(
            **{
                **data,
                "baseline": data["baseline"] and Baseline.from_json(data["baseline"]),
                "worse": Evidence(**data["worse"]),
                "better": Evidence(**data["better"]),
                "pending": data["pending"] and Sample(**data["pending"]),
                "comparison": data["comparison"] and Comparison(**data["comparison"]),
            }
        )


@dataclass(frozen=True)
class Evaluation:
    """What was decided. `score`: 0 is as the baseline, 1 is when to alarm. `reason`: in words, with the numbers."""

    time: int
    metric: str
    state: State
    score: float
    reason: str

    @property
    def alarm(self) -> bool:
        """Whether the owner is to be told."""
        return self.state in ALARMING
