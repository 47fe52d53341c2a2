"""Wall and CPU time of the real Pulumi engine on the local AWS: fresh up, second up, destroy; many teams side by side.

    python benchmarks/pulumi_engine.py                  the teams of stacks/dev, 2 agents each
    python benchmarks/pulumi_engine.py --teams 20 --parallel 4
                                                        copies of team support instead

Needs the Pulumi CLI on PATH. CPU time is that of all processes while a command runs, by what they are: the engine (the
CLI), the program (its language host and Python, the policy pack included), aws-native's provider, and the served local
AWS with our provider for the aws package. Peak memory is the sum of proportional set sizes over the command's process
tree, sampled.
"""

import argparse
import contextlib
import os
import re
import sys
import tempfile
import threading
import time
from collections import defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from benchmarks.first_run import tree_bytes
from tests.engine.engine import Engine, serving

_TICKS = os.sysconf("SC_CLK_TCK")
_KINDS = (
    ("provider aws-native", r"pulumi-resource-aws-native"),
    ("local AWS, provider aws", r"corral\.local\.server|--serve|corral\.local\.server\.functions"),
    ("engine", r"^([^\0]*/)?pulumi\0"),
    ("program", r"pulumi-language-python|policies"),
    ("corral", r"corral"),
)


def kind_of(command: str) -> str:
    """What a process is, by its command line."""
    return next((kind for kind, pattern in _KINDS if re.search(pattern, command)), "")


class Watch:
    """CPU seconds of each kind of process, and the peak memory of one process and all below it."""

    def __init__(self) -> None:
        self.peak = 0
        self._first: dict[int, int] = {}
        self._last: dict[int, int] = {}
        self._kinds: dict[int, str] = {}
        self._done = threading.Event()
        self._look(initial=True)

    def start(self, process: int) -> None:
        """Sample until `stop`."""
        self._thread = threading.Thread(target=self._run, args=(process,))
        self._thread.start()

    def stop(self) -> dict[str, float]:
        """Return the CPU seconds by kind."""
        self._done.set()
        self._thread.join()
        seconds: dict[str, float] = defaultdict(float)
        for process, ticks in self._last.items():
            seconds[self._kinds[process]] += (ticks - self._first.get(process, 0)) / _TICKS
        return seconds

    def _run(self, process: int) -> None:
        looked = 0
        while not self._done.wait(0.1):
            self._look()
            looked += 1
            if looked % 5 == 0:
                self.peak = max(self.peak, tree_bytes(process))

    def _look(self, initial: bool = False) -> None:
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            process = int(entry.name)
            with contextlib.suppress(OSError):
                if not (kind := kind_of((entry / "cmdline").read_text())):
                    continue
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                ticks = int(fields[11]) + int(fields[12])
                (self._first if initial else self._last)[process] = ticks
                self._kinds[process] = kind


def measure(title: str, engine: Engine, *arguments: str) -> None:
    """Run a corral command and print what it took."""
    watch = Watch()
    started = time.perf_counter()
    process = engine.corral(*arguments, "--yes")
    watch.start(process.pid)
    said, _ = process.communicate()
    wall = time.perf_counter() - started
    seconds = watch.stop()
    shares = ", ".join(
        f"{kind} {value:.1f}"
        for kind, value in sorted(seconds.items(), key=lambda item: -item[1])
        if value >= 0.05
    )
    print(
        f"{title:<36}{wall:7.1f} s  CPU {sum(seconds.values()):6.1f} s ({shares})  {watch.peak / 2**20:5.0f} MiB",
        flush=True,
    )
    if process.returncode:
        sys.exit(said[-3000:])


def many_teams(project: Path, count: int) -> None:
    """Have copies of team support in place of the teams."""
    folder = project / "stacks" / "dev" / "teams"
    support = (folder / "support.yaml").read_text()
    for file in folder.iterdir():
        file.unlink()
    names = [f"team{number:02}" for number in range(count)]
    for name in names:
        (folder / f"{name}.yaml").write_text(support.replace("team: support\n", f"team: {name}\n"))
    for domain in (project / "stacks" / "dev" / "domains").glob("*.yaml"):
        domain.write_text(re.sub(r"readers: \[.*\]", f"readers: [{', '.join(names)}]", domain.read_text()))


def main() -> None:
    """Measure and print a line each."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--teams", type=int, default=0, help="copies of team support in place of the teams")
    parser.add_argument("--parallel", default="4", help="team stacks side by side")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder)) as engine:
        if options.teams:
            many_teams(engine.project, options.teams)
        side = ("--parallel", options.parallel)
        measure("corral up dev, empty account", engine, "up", "dev", *side)
        measure("corral up dev, nothing to do", engine, "up", "dev", *side)
        measure("corral destroy dev", engine, "destroy", "dev", *side)


if __name__ == "__main__":
    main()
