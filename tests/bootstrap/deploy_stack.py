"""Deploys one stack to a local AWS, given the platform's outputs, as a pipeline does. A process of its own.

Reads from standard input what to do; writes the errors, and how many resources were made, as JSON.
"""

import json
import sys
from pathlib import Path

from corral.local.engine import Credentials
from corral.local.engine.calls import Calls, forget_own_aws
from corral.local.engine.monitor import KnownStack
from corral.local.engine.program import run_program
from corral.local.engine.project import read_project


def main() -> None:
    said = json.load(sys.stdin)
    forget_own_aws()
    calls = Calls(said["endpoint"], Credentials(*said["keys"]), said["region"], said["account"])
    known = {"dev": KnownStack(said["outputs"])}
    real, sys.stdout = sys.stdout, sys.stderr
    result = run_program(
        read_project(Path(said["project"])), said["stack"], calls, known, lambda _: None, bootstrapped=True
    )
    errors = [error.message for error in result.errors]
    answer = {"errors": errors, "made": len(result.resources), "outputs": result.outputs}
    real.write(json.dumps(answer))
    real.flush()  # the interpreter flushes what is sys.stdout when it ends, and that is another one now


if __name__ == "__main__":
    main()
