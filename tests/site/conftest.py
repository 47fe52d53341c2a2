"""The site of dev, made once, and a small project of which a test can make one of its own."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from corral.site.gather import Site, gather
from corral.site.pages import TEMPLATES, pages
from corral.spec.load import load_environment
from tests.site.page import Page

ROOT = Path(__file__).parents[2]
GOOD = ROOT / "tests/fixtures/good"


def site_of(project: Path) -> Site:
    return gather(load_environment(project / "stacks/dev"))


@pytest.fixture(scope="session")
def dev() -> Site:
    return site_of(ROOT)


@pytest.fixture(scope="session")
def files(dev: Site) -> dict[str, bytes]:
    return dict(pages(dev))


@pytest.fixture(scope="session")
def html(files: dict[str, bytes]) -> dict[str, Page]:
    return {path: Page(content.decode()) for path, content in files.items() if path.endswith(".html")}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the good project, with what pages are made from."""
    copied = Path(shutil.copytree(GOOD, tmp_path / "project"))
    shutil.copytree(ROOT / TEMPLATES, copied / TEMPLATES)
    return copied


@pytest.fixture
def made(project: Path) -> Callable[..., dict[str, str]]:
    """The pages of the good project after changes: file, what stands there once, what shall."""

    def make(*changes: tuple[str, str, str]) -> dict[str, str]:
        for file, before, after in changes:
            text = (project / file).read_text(encoding="utf-8")
            assert text.count(before) == 1, (file, before)
            (project / file).write_text(text.replace(before, after), encoding="utf-8")
        return {path: content.decode() for path, content in pages(site_of(project))}

    return make
