"""Progress of a local run while it happens: a line a stack, then one for the journeys."""

import time
from collections import Counter
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

from corral.local.engine import Event
from corral.local.journey import Journey


class Progress:
    """One line a stack while it is deployed, and one for the journeys. Silent for scripts."""

    def __init__(self, console: Console, silent: bool) -> None:
        self._counts: Counter[str] = Counter()
        self._done: dict[str, float] = {}
        self._journeys = 0
        self._started = time.monotonic()
        self._live = None if silent else Live(console=console, refresh_per_second=8, transient=True)

    def __enter__(self) -> Self:
        if self._live:
            self._live.start()
            self._draw()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Take the progress lines off the screen."""
        if self._live:
            self._live.stop()
            self._live = None

    def event(self, event: Event) -> None:
        """Something happened in a stack."""
        if event.kind == "stack-start":
            self._counts[event.stack] += 0
        elif event.kind == "resource":
            self._counts[event.stack] += 1
        elif event.kind == "stack-done":
            self._done[event.stack] = time.monotonic() - self._started
        self._draw()

    def journey(self, played: Journey) -> Journey:
        """A journey was played; passes it on."""
        self._journeys += 1
        self._draw()
        return played

    def _draw(self) -> None:
        if not self._live:
            return
        lines: list[RenderableType] = []
        if not self._counts:
            lines.append(Spinner("dots", "starting the local AWS"))
        for stack, count in sorted(self._counts.items()):
            if stack in self._done:
                lines.append(Text.from_markup(f"[green]✓[/green] {stack}  {count} resources"))
            else:
                lines.append(Spinner("dots", f"{stack}  {count} resources"))
        if self._counts and len(self._done) == len(self._counts):
            lines.append(Spinner("dots", f"journeys  {self._journeys} played"))
        self._live.update(Group(*lines))
