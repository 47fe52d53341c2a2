"""corral cost: what it says of input that cannot be, before anything is asked or stood up."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from corral.cli.main import app

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (
            ("dev", "suport"),
            2,
            'dev has no team suport. Teams: finance, legal, sales, support. Did you mean "support"?',
        ),
        (("dev", "--month", "november"), 2, "--month november: give YYYY-MM, such as 20"),
        (("dev", "--month", "2998-01"), 2, "has not begun"),
        (("dev", "--idle", "--local"), 2, "leave out --month and --local"),
        (("dev", "--idle", "--month", "2026-11"), 2, "leave out --month and --local"),
        (("../dev",), 2, "is not the name of an environment"),
    ],
)
def test_what_cannot_be_is_told(arguments: tuple[str, ...], code: int, message: str) -> None:
    result = CliRunner().invoke(app, ["cost", *arguments, "--project", str(ROOT)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == code
    assert message in " ".join((result.stdout + result.stderr).split())
