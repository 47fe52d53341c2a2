"""An HTML page read back: its links, its anchors, its headings, its text."""

from html.parser import HTMLParser

BLOCKS = {"td", "th", "dd", "dt", "li", "p", "div", "h1", "h2", "h3", "h4", "span", "br"}
VOID = {"meta", "link", "input", "br", "img", "hr"}


class Page(HTMLParser):
    """What a test asks of a page. `problems` holds what is not well formed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.headings: list[int] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.said: list[str] = []
        self.problems: list[str] = []
        self._open: list[str] = []
        self._saying = False
        self._text: list[str] = []
        self._code: list[str] = []
        self.feed(html)
        self.close()
        self.problems += [f"<{tag}> is never closed" for tag in self._open]

    @property
    def text(self) -> str:
        """All its text, spaces as one."""
        return " ".join("".join(self._text).split())

    @property
    def code(self) -> str:
        """Its pieces of code, line by line, with a dot between any two."""
        return " · ".join(line for piece in self._code for line in piece.splitlines())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if len(given) != len(attrs):
            self.problems.append(f"<{tag}> has an attribute twice")
        self.tags.append((tag, given))
        if tag == "code":
            self._code.append("")
        if tag in BLOCKS:
            self._text.append(" ")
        if tag not in VOID:
            self._open.append(tag)
        if given.get("id"):
            self.ids.append(str(given["id"]))
        self.links += [str(given[name]) for name in ("href", "src") if name in given]
        if len(tag) == 2 and tag[0] == "h" and tag[1].isdigit():
            self.headings.append(int(tag[1]))
        if given.get("class") == "said":
            self._saying = True
            self.said.append("")

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open[-1] != tag:
            self.problems.append(f"</{tag}> closes {self._open[-1:]}, line {self.getpos()[0]}")
        else:
            self._open.pop()
        self._saying = False

    def handle_data(self, data: str) -> None:
        self._text.append(data)
        if self._open and self._open[-1] == "code":
            self._code[-1] += data
        if self._saying:
            self.said[-1] += data
