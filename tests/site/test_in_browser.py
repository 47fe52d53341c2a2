"""The site in a real browser, opened from its folder: search, reading, both sizes, both colour schemes."""

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from corral.site.folder import place

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
SIZES = {"desktop": (1280, 900), "tablet": (768, 1024), "phone": (390, 844)}
pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="there is no chromium on PATH (apt install chromium)"
)

# The lowest contrast of any text with what is behind it, as WCAG counts it, and the text.
CONTRAST = """
() => {
  const light = ([r, g, b]) => [r, g, b].map((part) => {
    const share = part / 255;
    return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }).reduce((sum, part, place) => sum + part * [0.2126, 0.7152, 0.0722][place], 0);
  const parts = (color) => color.match(/[\\d.]+/g).map(Number);
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = parts(getComputedStyle(at).backgroundColor);
      if (color.length < 4 || color[3] > 0) return color;
    }
    return [255, 255, 255];
  };
  let worst = [21, ""];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!own || !element.checkVisibility() || element.matches(".unseen, .skip, script")) continue;
    const [a, b] = [light(parts(getComputedStyle(element).color)), light(behind(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < worst[0]) worst = [ratio, element.textContent.trim().slice(0, 60)];
  }
  return worst;
}
"""


@pytest.fixture(scope="module")
def folder(files: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("browser") / "site"
    place(files, out)
    return out


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        # the sandbox of Chromium does not run as root, as whom tests run in a container
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture
def opened(browser: Browser, folder: Path) -> Iterator[Callable[..., Page]]:
    """Opens a page of the site in a window of its own; afterwards nothing may have been complained of."""
    complaints: list[str] = []

    def open_page(path: str, size: str = "desktop", scheme: str = "light") -> Page:
        width, height = SIZES[size]
        page = browser.new_page(
            viewport={"width": width, "height": height},
            color_scheme="dark" if scheme == "dark" else "light",
            reduced_motion="reduce",
        )
        page.set_default_timeout(10_000)
        page.on("console", lambda said: complaints.append(f"{said.type}: {said.text}"))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("requestfailed", lambda request: complaints.append(f"not there: {request.url}"))
        page.goto((folder / path).as_uri())
        return page

    yield open_page
    for context in browser.contexts:
        context.close()
    assert complaints == []


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


@pytest.mark.parametrize("size", SIZES)
def test_from_search_to_an_agent_and_its_runbook(opened: Callable[..., Page], size: str) -> None:
    page = opened("index.html", size)
    expect(page.get_by_role("heading", level=1)).to_have_text("The dev platform")
    assert fits(page)
    page.keyboard.press("/")
    page.keyboard.type("refund rout")
    results = page.locator("#results a")
    expect(results.first).to_contain_text("support/helpdesk")
    expect(page.get_by_role("status")).to_have_text(re.compile(r"^[1-9]\d* found$"))
    assert fits(page)
    page.keyboard.press("ArrowDown")
    expect(results.first).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("helpdesk")
    expect(page.get_by_text("amount_cents is over 5,000").first).to_be_visible()
    assert fits(page)
    prompt = page.locator("#prompt pre")
    expect(prompt).to_be_hidden()
    page.locator("#prompt summary").click()
    expect(prompt).to_be_visible()
    assert fits(page)
    page.get_by_role("link", name="Runbook: when it fails").click()
    expect(page.get_by_role("heading", name="What callers see, and what to do")).to_be_visible()
    assert fits(page)


@pytest.mark.parametrize(
    ("words", "kind", "title"),
    [
        ("account scout", "agent", "sales/account-scout"),
        ("passages documents answer", "tool", "knowledge-search"),
        ("confidential finance", "domain", "finance-policies"),
        ("cs-104", "team", "support"),
        ("WAREHOUSE", "tool", "warehouse-query"),
    ],
)
def test_search_finds_things_by_any_word(
    opened: Callable[..., Page], words: str, kind: str, title: str
) -> None:
    page = opened("tools/refund-issue.html")
    page.get_by_role("searchbox").fill(words)
    hit = page.locator("#results a").filter(has_text=f"{title} {kind}")
    expect(hit).to_be_visible()
    hit.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(title.rpartition("/")[2])


def test_search_that_finds_nothing_and_is_closed(opened: Callable[..., Page]) -> None:
    page = opened("index.html")
    box = page.get_by_role("searchbox")
    box.fill("zeppelin helpdesk qqq")
    expect(page.locator("#results")).to_have_text("Nothing has all of these words.")
    page.keyboard.press("Escape")
    expect(page.locator("#results")).to_be_hidden()
    expect(box).to_have_value("")


def test_searching_leaves_the_page_where_it_is(opened: Callable[..., Page]) -> None:
    page = opened("agents/support/helpdesk.html")
    page.evaluate("window.scrollTo(0, 800)")
    page.keyboard.press("/")
    page.keyboard.type("refund")
    expect(page.locator("#results a").first).to_be_visible()
    assert page.evaluate("window.scrollY") == 800


@pytest.mark.parametrize("size", SIZES)
def test_every_page_fits_and_shows_its_words(
    opened: Callable[..., Page], files: dict[str, bytes], size: str
) -> None:
    page = opened("index.html", size)
    start = page.url.removesuffix("index.html")
    for path in sorted(path for path in files if path.endswith(".html")):
        page.goto(start + path)
        assert fits(page), path
        expect(page.get_by_role("heading", level=1)).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "path",
    [
        "index.html",
        "agents/support/helpdesk.html",
        "runbooks/support/helpdesk.html",
        "tools/refund-issue.html",
    ],
)
def test_text_stands_out(opened: Callable[..., Page], path: str, scheme: str) -> None:
    ratio, text = opened(path, scheme=scheme).evaluate(CONTRAST)
    assert ratio >= 4.5, text


def test_it_reads_without_its_script(browser: Browser, folder: Path) -> None:
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto((folder / "index.html").as_uri())
    expect(page.get_by_role("searchbox")).to_be_hidden()
    page.get_by_role("link", name="support/helpdesk").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("helpdesk")
    page.context.close()


def test_paper_has_all_of_it(opened: Callable[..., Page]) -> None:
    page = opened("agents/support/helpdesk.html")
    page.emulate_media(media="print")
    expect(page.locator(".top")).to_be_hidden()
    assert page.locator("#prompt pre").bounding_box()["height"] > 200  # type: ignore[index]
