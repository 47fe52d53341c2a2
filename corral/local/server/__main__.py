"""`python -m corral.local.server`: run one local AWS until it is told to stop.

Prints one JSON line when it is ready, then nothing more on standard output; its log goes to standard error.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import re
import signal
import sys
import threading
from pathlib import Path

from corral.local.server.run import PortInUseError, start


def main() -> int:
    """Serve until SIGTERM, SIGINT or, with --watch-stdin, the end of standard input. Exit code 1: port taken."""
    parser = argparse.ArgumentParser(prog="python -m corral.local.server", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--account", default="123456789012", help="twelve digits")
    parser.add_argument("--region", default="us-east-1")
    parser.add_argument("--organization", metavar="ID:ACCOUNT", help="it is in, with its management account")
    parser.add_argument(
        "--admin-file", type=Path, help="also write the ready line to this file, readable by you alone"
    )
    parser.add_argument("--watch-stdin", action="store_true", help="stop when standard input ends")
    options = parser.parse_args()
    if not (options.account.isdigit() and len(options.account) == 12):
        parser.error("--account must be twelve digits")
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(asctime)s %(name)s %(message)s")
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    try:
        running = start(options.account, options.region, options.port, _organization(parser, options))
    except PortInUseError as taken:
        sys.stderr.write(f"{taken}\n")
        return 1
    admin = {"access_key_id": running.access_key_id, "secret_access_key": running.secret_access_key}
    ready = json.dumps(
        {"endpoint": running.endpoint, "region": running.region, "account": running.account, "admin": admin}
    )
    if options.admin_file is not None:
        descriptor = os.open(options.admin_file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(ready + "\n")
    print(ready, flush=True)
    # moto prints now and then: the ready line is all that whoever reads this pipe expects.
    sys.stdout = sys.stderr
    if options.watch_stdin:
        threading.Thread(target=_watch, args=(stop,), daemon=True).start()
    stop.wait()
    running.stop()
    return 0


def _organization(parser: argparse.ArgumentParser, options: argparse.Namespace) -> tuple[str, str] | None:
    if options.organization is None:
        return None
    found = re.fullmatch(r"(o-[a-z0-9]{10,32}):(\d{12})", options.organization)
    if found is None:
        parser.error(
            "--organization must be an organization's id and twelve digits, as in o-a1b2c3d4e5:123456789012"
        )
    return found[1], found[2]


def _watch(stop: threading.Event) -> None:
    sys.stdin.buffer.read()
    stop.set()


if __name__ == "__main__":
    sys.exit(main())
