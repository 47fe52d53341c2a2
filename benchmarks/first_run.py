"""Wall time and peak memory of what a person runs first: make up (fresh and again) and corral validate.

    python benchmarks/first_run.py              in a project that has been set up: make up, corral validate dev
    python benchmarks/first_run.py --fresh      also a clone of this repository in an empty folder, install included

Peak memory is the sum of proportional set sizes over the whole process tree (Linux), sampled every 200 ms: a page that
forked processes share is counted once.
"""

import argparse
import contextlib
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]


def tree_bytes(root: int) -> int:
    """Proportional set size, in bytes, of a process and all below it."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])

    def within(process: int) -> bool:
        while process and process != root:
            process = parents.get(process, 0)
        return process == root

    total = 0
    for process in filter(within, parents):
        with contextlib.suppress(OSError):
            rollup = Path(f"/proc/{process}/smaps_rollup").read_text()
            total += (
                next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")) * 1024
            )
    return total


def measure(title: str, command: list[str], folder: Path, environment: dict[str, str] | None = None) -> None:
    """Run once, print seconds and peak memory."""
    started = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    peak, done = 0, threading.Event()

    def watch() -> None:
        nonlocal peak
        while not done.wait(0.2):
            peak = max(peak, tree_bytes(process.pid))

    watcher = threading.Thread(target=watch)
    watcher.start()
    said, _ = process.communicate()
    seconds = time.perf_counter() - started
    done.set()
    watcher.join()
    print(f"{title:<44}{seconds:8.2f} s {peak / 2**20:8.0f} MiB  exit {process.returncode}", flush=True)
    if process.returncode:
        sys.exit(said[-2000:])


def main() -> None:
    """Measure and print a line each."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--fresh", action="store_true", help="also measure a fresh clone, install included")
    if parser.parse_args().fresh:
        with tempfile.TemporaryDirectory() as folder:
            bare = {"HOME": folder, "PATH": "/usr/local/bin:/usr/bin:/bin"}
            subprocess.run(["git", "clone", "--quiet", str(ROOT), f"{folder}/corral"], check=True)
            measure("make up, fresh clone, install included", ["make", "up"], Path(folder, "corral"), bare)
    for title, command in (
        ("make up, second time", ["make", "up"]),
        ("corral validate dev, cold process", [".venv/bin/corral", "validate", "dev"]),
        ("corral validate dev, again", [".venv/bin/corral", "validate", "dev"]),
    ):
        measure(title, command, ROOT)


if __name__ == "__main__":
    main()
