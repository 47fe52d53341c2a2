"""Takes the picture of an audit report for the README, from the root: python docs/images/report.py REPORT.html

Of a report of `dev` as `make serve` leaves it: corral audit report dev --local --out REPORT.html. Needs Chromium.
"""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

SIZE = {"width": 1280, "height": 1060}


def main() -> None:
    """Open the report and keep what a window shows of it."""
    with sync_playwright() as playwright:
        found = shutil.which("chromium") or shutil.which("chromium-browser")
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        page = browser.new_page(viewport=SIZE, color_scheme="light")  # type: ignore[arg-type]
        page.set_default_timeout(120_000)
        page.goto(Path(sys.argv[1]).absolute().as_uri())
        page.screenshot(path=Path(__file__).with_name("report.png"), timeout=120_000)
        browser.close()


if __name__ == "__main__":
    main()
