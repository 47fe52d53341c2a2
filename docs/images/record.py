"""Draws the pictures of the README from a real run: python docs/images/record.py, from the project's root."""

from pathlib import Path

from rich.console import Console

from corral.cli import project, show, up
from corral.spec.load import load_environment

FOLDER = Path(__file__).parent


def main() -> None:
    """Run `corral up dev --local` with consoles that remember what they showed, one a part of the screen."""
    recorder = Console(record=True, width=118, force_terminal=True)
    for module in (project, show, up):
        module.console = recorder
    root = FOLDER.parents[1]
    environment = load_environment(root / "stacks/dev")
    up._run(root, environment, list(environment.teams), serve=False, port=0, verbose=False, as_json=False)
    text = recorder.export_text(clear=False)
    assert "not as expected" not in text
    recorder.save_svg(str(FOLDER / "up.svg"), title="corral up dev --local")


if __name__ == "__main__":
    main()
