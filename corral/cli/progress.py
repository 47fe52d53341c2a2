"""Progress of a run while it happens: a line a stack, and for a local run one for its journeys."""

from collections import Counter
from threading import RLock
from typing import Literal, Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

from corral.local.engine import Event
from corral.scenarios.journey import Journey

Happening = Literal["begin", "resource", "end", "failed"]
_KINDS: dict[str, Happening] = {"stack-start": "begin", "resource": "resource", "stack-done": "end"}


class Progress:
    """One line a stack while it is worked on, and with `journeys` one for them. Silent for scripts."""

    def __init__(
        self, console: Console, silent: bool, first: str = "starting the local AWS", journeys: bool = True
    ) -> None:
        self._first = first
        self._said = ""
        self._counts: Counter[str] = Counter()
        self._ended: dict[str, Happening] = {}
        self._lock = (
            RLock()
        )  # stacks are worked on by threads, and an interrupt says something between any two steps
        self._journeys = 0 if journeys else None
        self._planned = 0
        self._wrong = 0
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
        """Something happened in a stack of the offline engine."""
        if event.kind in _KINDS:
            self.tell(event.stack, _KINDS[event.kind])

    def tell(self, stack: str, what: Happening) -> None:
        """Something happened in a stack."""
        with self._lock:
            self._counts[stack] += what == "resource"
            if what in ("end", "failed"):
                self._ended[stack] = what
            self._draw()

    def say(self, text: str) -> None:
        """Keep one line of text below the stacks."""
        with self._lock:
            self._said = text
            self._draw()

    def plan(self, journeys: int) -> None:
        """So many journeys are going to be played."""
        self._planned = journeys

    def journey(self, played: Journey) -> Journey:
        """A journey was played; passes it on."""
        self._journeys = (self._journeys or 0) + 1
        self._wrong += bool(played.problems)
        self._draw()
        return played

    def _draw(self) -> None:
        if not self._live:
            return
        lines: list[RenderableType] = []
        if not self._counts and not self._journeys:
            lines.append(Spinner("dots", self._first))
        for stack, count in sorted(self._counts.items()):
            if stack not in self._ended:
                lines.append(Spinner("dots", f"{stack}  {count} resources"))
            else:
                mark = "[green]✓[/green]" if self._ended[stack] == "end" else "[red]✗[/red]"
                lines.append(Text.from_markup(f"{mark} {stack}  {count} resources"))
        stacks_done = self._counts and len(self._ended) == len(self._counts)
        if self._journeys or (self._journeys is not None and stacks_done):
            of = f" of {self._planned}" if self._planned else ""
            wrong = f", {self._wrong} not as expected" if self._wrong else ""
            lines.append(Spinner("dots", f"journeys  {self._journeys}{of} played{wrong}"))
        if self._said:
            lines.append(Text(self._said, style="yellow"))
        self._live.update(Group(*lines))
