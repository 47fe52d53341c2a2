"""The report in a real browser, opened as a file: filters, chart, both schemes, a phone, paper, and no request."""

import re
import socket
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from corral.audit.report.page import page as rendered
from tests.audit import reports
from tests.audit.test_report import HOSTILE, SHOWN
from tests.audit.test_report import hostile as hostile
from tests.audit.test_report import made as made
from tests.audit.test_report import november as november
from tests.site.test_in_browser import CHROMIUM, CONTRAST

SIZES = {"desktop": (1280, 900), "phone": (390, 844)}
pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="there is no chromium on PATH (apt install chromium)"
)
Open = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        # the sandbox of Chromium does not run as root, as whom tests run in a container
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture(scope="module")
def file(made: object, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_bytes(rendered(made))  # type: ignore[arg-type]
    return path


@pytest.fixture
def opened(browser: Browser, file: Path) -> Iterator[Open]:
    """Opens a report; afterwards it may have asked for nothing but itself, and nothing may have been complained of."""
    complaints: list[str] = []

    def open_page(path: Path = file, size: str = "desktop", scheme: str = "light") -> Page:
        width, height = SIZES[size]
        page = browser.new_page(
            viewport={"width": width, "height": height}, color_scheme="dark" if scheme == "dark" else "light"
        )
        page.set_default_timeout(60_000)  # five megabytes, on a machine with other work
        page.on("console", lambda said: complaints.append(f"{said.type}: {said.text}"))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: complaints.append(f"dialog: {dialog.message}"))
        page.on(
            "request",
            lambda asked: complaints.append(f"asked for {asked.url}") if asked.url != path.as_uri() else None,
        )
        page.goto(path.as_uri())
        return page

    yield open_page
    for context in browser.contexts:
        context.close()
    assert complaints == []


def rows(page: Page, table: str) -> int:
    return page.locator(f"#{table} tbody tr:visible").count()


def filters(page: Page, table: str) -> tuple[Callable[[str, str], None], Callable[[], str]]:
    """What chooses in the filters of a table, and what tells how many rows they say there are."""
    form = page.locator(f"form[data-filters={table}]")
    return (
        lambda name, value: form.get_by_label(name).select_option(value) and None,
        lambda: form.locator("output").inner_text(),
    )


def test_filters_of_controls(opened: Open) -> None:
    page = opened()
    choose, said = filters(page, "controls-table")
    every = rows(page, "controls-table")
    assert said() == f"{every} of {every}"
    choose("Status", "fails")
    failing = rows(page, "controls-table")
    assert 0 < failing < every
    assert said() == f"{failing} of {every}"
    assert page.locator("#controls-table .status:visible").all_inner_texts() == ["fails"] * failing
    choose("Standard", "EU AI Act")
    assert rows(page, "controls-table") < failing
    page.locator("form[data-filters=controls-table]").get_by_role("button", name="Clear").click()
    expect(page.locator("form[data-filters=controls-table] output")).to_have_text(f"{every} of {every}")
    page.locator("form[data-filters=controls-table]").get_by_label("Words").fill("LOCKED days")
    expect(page.locator("#controls-table tbody tr:visible code").first).to_have_text("audit-immutability")


def test_filters_of_access_by_principal_action_and_resource(opened: Open) -> None:
    page = opened()
    choose, said = filters(page, "access-table")
    assert said() == "4 of 4"
    first = page.locator("#access-table tbody tr").first
    expect(first).to_contain_text("memory sales")  # what nothing grants is on top
    choose("Standing", "extra")
    assert (said(), rows(page, "access-table")) == ("1 of 4", 1)
    choose("Standing", "")
    choose("Principal", "role corral-dev-gateway")
    assert (said(), rows(page, "access-table")) == ("2 of 4", 2)
    choose("Resource", "function web-search")
    choose("Action", "call")
    assert (said(), rows(page, "access-table")) == ("1 of 4", 1)
    choose("Action", "read")
    assert (said(), rows(page, "access-table")) == ("0 of 4", 0)


def test_filters_of_agents(opened: Open) -> None:
    page = opened()
    choose, said = filters(page, "agents-table")
    choose("Team", "support")
    assert rows(page, "agents-table") == len(reports.DEV.agents["support"])
    choose("Tool", "refund-issue")
    assert (rows(page, "agents-table"), said()[:2]) == (1, "1 ")
    expect(page.locator("#agents-table tbody tr:visible th")).to_contain_text("support/helpdesk")


def test_a_link_shows_the_row_that_is_filtered_away(opened: Open) -> None:
    page = opened()
    choose, _ = filters(page, "controls-table")
    choose("Status", "does not apply")
    row = page.locator("#control-gateway-authorizer")
    expect(row).to_be_hidden()
    page.get_by_role("link", name="Control gateway-authorizer fails").click()
    expect(row).to_be_visible()
    expect(row).to_be_in_viewport()


def test_the_chart_is_drawn_and_follows_the_team(opened: Open) -> None:
    page = opened()
    form, bars = page.locator("form[data-chart]"), page.locator("#chart .bars path")
    expect(bars.first).to_be_visible()
    expect(form.locator("output")).to_have_text("3 allowed, 1 held, 2 denied")
    heights = "() => document.getElementById('chart').data.map((trace) => trace.y.reduce((a, b) => a + b, 0))"
    assert page.evaluate(heights) == [3, 1, 2]
    form.get_by_label("Team").select_option("sales")
    expect(form.locator("output")).to_have_text("1 allowed, 0 held, 1 denied")
    assert page.evaluate(heights) == [1, 0, 1]
    table = page.locator("#decisions-table")
    expect(table).to_be_hidden()
    page.get_by_text("The same as a table").click()
    expect(table).to_be_visible()
    assert table.locator("tbody tr").count() == 2


@pytest.mark.parametrize("size", SIZES)
def test_it_fits(opened: Open, size: str) -> None:
    page = opened(size=size)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    evidence = page.locator("#control-gateway-authorizer td").last.bounding_box()
    assert evidence is not None
    assert evidence["x"] + evidence["width"] <= SIZES[size][0]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out(opened: Open, scheme: str) -> None:
    ratio, text = opened(scheme=scheme).evaluate(CONTRAST)
    assert ratio >= 4.5, text


def test_tables_say_what_they_are(opened: Open) -> None:
    page = opened()
    without = page.evaluate(
        "[...document.querySelectorAll('table')].filter((table) => !table.querySelector('thead th[scope=col]')"
        " || !table.closest('[role=region][aria-label][tabindex=\"0\"]')).map((table) => table.outerHTML.slice(0, 200))"
    )
    assert without == []
    assert (
        page.locator("#controls-table").get_by_role("rowheader").count()
        == page.locator("#controls-table tbody tr").count()
    )
    headings = [
        int(tag[1]) for tag in page.locator("h1, h2, h3").evaluate_all("all => all.map((one) => one.tagName)")
    ]
    assert headings[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(headings))


def test_it_prints_to_a_pdf_with_every_row(opened: Open, tmp_path: Path) -> None:
    page = opened()
    choose, _ = filters(page, "controls-table")
    choose("Status", "does not apply")
    path = tmp_path / "report.pdf"
    page.pdf(path=path, prefer_css_page_size=True)
    assert path.read_bytes().startswith(b"%PDF-")
    pages = len(re.findall(rb"/Type\s*/Page\b", path.read_bytes()))
    assert pages > 4
    page.emulate_media(media="print")
    every = page.locator("#controls-table tbody tr").count()
    assert rows(page, "controls-table") == every
    expect(page.locator("#decisions-table")).to_be_visible()
    expect(page.locator("form[data-filters=controls-table]")).to_be_hidden()
    expect(page.locator("nav")).to_be_hidden()
    page.set_viewport_size({"width": 690, "height": 1000})  # A4 less its margins
    for _ in range(100):  # the chart follows; the page lets nobody wait for it by an expression of text
        if page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"):
            break
        page.wait_for_timeout(100)
    else:
        pytest.fail("wider than a sheet of paper")


def test_it_reads_without_its_script(browser: Browser, file: Path) -> None:
    page = browser.new_context(java_script_enabled=False).new_page()
    page.set_default_timeout(60_000)
    page.goto(file.as_uri())
    assert rows(page, "access-table") == 4
    expect(page.locator("form[data-filters=access-table]")).to_be_hidden()
    page.get_by_text("The same as a table").click()
    expect(page.locator("#decisions-table")).to_be_visible()
    page.context.close()


def test_markup_in_records_does_nothing(opened: Open, hostile: object, tmp_path: Path) -> None:
    path = tmp_path / "hostile.html"
    path.write_bytes(rendered(hostile))  # type: ignore[arg-type]
    page = opened(path)
    assert page.evaluate("window.hit") is None
    expect(page.locator("#chart .bars path").first).to_be_visible()
    expect(page.locator("#waivers-table")).to_contain_text(SHOWN)
    choose, said = filters(page, "access-table")
    choose("Principal", SHOWN)
    assert said() == "4 of 4"
    assert HOSTILE != SHOWN


def test_its_policy_lets_nothing_else_run_or_be_fetched(browser: Browser, file: Path, tmp_path: Path) -> None:
    """The policy itself, with what escaping keeps out put in by hand."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.5)
        url = f"http://127.0.0.1:{server.getsockname()[1]}/x.png"
        path = tmp_path / "changed.html"
        more = f'<script>window.hit=1</script><img src="{url}"><style>h1 {{ color: red }}</style>'
        path.write_text(
            file.read_text(encoding="utf-8").replace("</main>", f"{more}</main>"), encoding="utf-8"
        )
        page = browser.new_page()
        page.set_default_timeout(60_000)
        page.goto(path.as_uri())
        assert page.evaluate("window.hit") is None
        assert page.evaluate("getComputedStyle(document.querySelector('h1')).color") != "rgb(255, 0, 0)"
        page.evaluate("url => fetch(url).catch(() => {})", url)
        with pytest.raises(TimeoutError):
            server.accept()
        page.context.close()
