"""What a gate looked at."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Looked:
    """One thing that a gate asks: its value and limit as people read them, and whether it keeps to it."""

    what: str
    value: str
    limit: str
    ok: bool

    @property
    def failing(self) -> str:
        """How a refusal tells it."""
        return f"{self.what}: {self.value}, wanted {self.limit}"
