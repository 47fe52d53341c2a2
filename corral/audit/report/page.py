"""The report as one HTML page that needs nothing else: its styles, its scripts and its figures are in it.

Whatever comes from records, outputs or specifications is text that Jinja escapes, without characters that cannot be
printed. The page's policy lets no script or style run but those whose digests it names, and nothing be fetched.
"""

import base64
import hashlib
import re
from pathlib import Path
from typing import Any

from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.sandbox import SandboxedEnvironment
from markupsafe import Markup

from corral.audit.report import chart
from corral.audit.report.agents import retired
from corral.audit.report.evidence import evidence, exported
from corral.audit.report.made import Report, ends

TEMPLATES = Path("templates/report")
_PAGE, _STYLE, _PLOT_STYLE, _SCRIPT = "report.html.j2", "report.css", "plotly.css", "report.js"
_LONGEST = 240  # characters of a text of a record that the page shows
_ENDS_AN_ELEMENT = re.compile(r"</(script|style)|<!--", re.IGNORECASE)


class PageError(Exception):
    """The page cannot be made. The text says why."""


def page(report: Report) -> bytes:
    """Make the page. Raises PageError when the project lacks what it is made from."""
    folder = report.facts.environment.root / TEMPLATES
    sources = {name: _read(folder, name) for name in (_PAGE, _STYLE, _PLOT_STYLE, _SCRIPT)}
    figure = chart.figure(report.records, report.period)
    inlined = {
        "style": sources[_STYLE],
        "plot_style": sources[_PLOT_STYLE],
        "script": sources[_SCRIPT],
        "plotly": chart.plotly_script() if figure else "",
    }
    html = (
        _jinja(folder)
        .get_template(_PAGE)
        .render(
            report=report,
            platform=report.facts.environment.platform,
            outputs=report.facts.outputs[report.environment],
            figure=figure,
            totals=chart.totals(report.records),
            retired=list(retired(report.facts)),
            evidence=evidence(report.facts),
            exported=list(exported(report.facts)),
            policy=_policy(inlined),
            styles_to_be=chart.own_styles(inlined["plotly"]),
            **{name: _inline(text) for name, text in inlined.items()},
        )
    )
    return html.encode()


def _read(folder: Path, name: str) -> str:
    try:
        return (folder / name).read_text(encoding="utf-8")
    except OSError as error:
        raise PageError(
            f"{TEMPLATES / name} cannot be read ({error.strerror}): reports are made from it"
        ) from None


def _policy(inlined: dict[str, str]) -> str:
    """The page's Content-Security-Policy: these very scripts and styles, and nothing from anywhere."""
    scripts = [_digest(inlined[name]) for name in ("plotly", "script") if inlined[name]]
    styles = [_digest(inlined[name]) for name in ("style", "plot_style")]
    return (
        f"default-src 'none'; script-src {' '.join(scripts)}; style-src {' '.join(styles)}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _inline(text: str) -> Markup:
    """A script or style of ours, or plotly.js, as it is. Raises PageError for one that would end its element."""
    if found := _ENDS_AN_ELEMENT.search(text):
        raise PageError(f"a script or style holds {found[0]}, and so cannot stand in a page")
    return Markup(text)  # noqa: S704 no text of records or specifications comes here


def _jinja(folder: Path) -> SandboxedEnvironment:
    jinja = SandboxedEnvironment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_printable,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    jinja.filters |= {"cell": _cell, "moment": _moment, "short": _short}
    jinja.globals |= {"ends": ends}
    return jinja


def _printable(value: Any) -> Any:
    """A text without what is no character of it: controls, and marks that turn the direction of writing."""
    if isinstance(value, Markup) or not isinstance(value, str) or value.isprintable():
        return value
    return "".join(character if character.isprintable() else " " for character in value)


def _cell(value: Any, kind: str) -> str:
    """A value of a record as the page shows it."""
    if value is None:
        return ""
    if kind == "number":
        return f"{value:,}"
    return _moment(str(value)) if kind == "time" else _short(str(value))


def _moment(text: str) -> str:
    """`2026-11-28 19:10:41` for a time of records in any of their forms, a day for a day."""
    return re.sub(r"(\.\d+)?(Z|\+00:00)?$", "", text.replace("T", " ", 1))


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
