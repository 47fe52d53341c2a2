"""The site that is kept in docs/site is the one that the files of dev make now."""

from corral.site.folder import compare
from tests.site.conftest import ROOT


def test_it_is_not_stale(files: dict[str, bytes]) -> None:
    found = compare(files, ROOT / "docs/site")
    assert not found, f"run: corral docs dev --out docs/site\n{found}"
