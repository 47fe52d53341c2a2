"""What is not an error in an environment's files, but should be known: each with a code, a place and what to do."""

from dataclasses import dataclass
from typing import Literal

NoticeCode = Literal[
    "look-alike",
    "tool-twice",
    "unused-tool",
    "unread-domain",
    "no-on-call",
    "peak-over-tool",
    "no-registry",
    "no-iam-alerts",
    "weak-lock",
]

# What a list of notices of one kind is headed by, in the order in which they are told.
TITLES: dict[NoticeCode, str] = {
    "look-alike": "Agents that look alike",
    "tool-twice": "Tools that look alike",
    "unused-tool": "Tools that no agent has",
    "unread-domain": "Data domains that no agent reads",
    "no-on-call": "Teams without anyone on call",
    "peak-over-tool": "Peaks that a tool does not take",
    "no-registry": "What the region lacks",
    "no-iam-alerts": "Changes that alerts do not see",
    "weak-lock": "Records that can be deleted",
}


@dataclass(frozen=True)
class Notice:
    """One thing to know. `path` is relative to the project; lines start at 1, None is the whole file."""

    code: NoticeCode
    path: str
    line: int | None
    text: str

    @property
    def place(self) -> str:
        """Its file and line."""
        return self.path if self.line is None else f"{self.path}:{self.line}"

    def __str__(self) -> str:
        return f"{self.place}: {self.text}"
