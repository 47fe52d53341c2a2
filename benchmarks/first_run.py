"""Wall time and peak memory of what a person runs first: make up (fresh and again) and corral validate.

    python benchmarks/first_run.py              in a project that has been set up: make up, corral validate dev
    python benchmarks/first_run.py --fresh      also a clone of this repository in an empty folder, install included

Peak memory is the sum of resident sizes over the whole process tree, sampled every 50 ms (Linux); pages that forked
processes share are counted once for each, so the true figure is lower.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
_PAGE = os.sysconf("SC_PAGE_SIZE")


def tree_bytes(root: int) -> int:
    """Resident bytes of a process and all below it."""
    parents, resident = {}, {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                resident[int(entry.name)] = int((entry / "statm").read_text().split()[1]) * _PAGE
                parents[int(entry.name)] = int(fields[1])
            except OSError:
                continue

    def within(process: int) -> bool:
        while process and process != root:
            process = parents.get(process, 0)
        return process == root

    return sum(size for process, size in resident.items() if within(process))


def measure(title: str, command: list[str], folder: Path, environment: dict[str, str] | None = None) -> None:
    """Run once, print seconds and peak memory."""
    started = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    peak, done = 0, threading.Event()

    def watch() -> None:
        nonlocal peak
        while not done.wait(0.05):
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
