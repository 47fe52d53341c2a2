"""Draws the picture of the README from a real run, from the root: PYTHONPATH=. python docs/images/record.py"""

import os
from pathlib import Path

from rich.console import Console

from corral.cli import show, show_journeys, up
from corral.spec.load import load_environment

FOLDER = Path(__file__).parent


def main() -> None:
    """Run `corral up dev --local --team support` with a console that remembers the report."""
    root = FOLDER.parents[1]
    show.console = show_journeys.console = Console(record=True, width=124, force_terminal=True)
    with open(os.devnull, "w") as nowhere:
        up.console = Console(file=nowhere)  # progress is not part of the picture
        environment = load_environment(root / "stacks/dev")
        up._run(root, environment, ["support"], serving=False, port=0, verbose=False, as_json=False)
    show.console.save_svg(str(FOLDER / "up.svg"), title="corral up dev --local --team support")


if __name__ == "__main__":
    main()
