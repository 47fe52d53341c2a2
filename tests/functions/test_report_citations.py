"""No figure gets into a report without the query it comes from beside it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.common.tool import RefusalError
from functions.tools.report_write.citations import check_body, check_title


@pytest.mark.parametrize(
    "body",
    [
        "Revenue was 1,200 EUR [q1].",
        "Revenue was\n1,200 EUR,\nmore than before [q1].",
        "It rose [q1].\n\nNothing else happened.",
        "# Result\n\n## 2. North\n\n1. Routers: 40 [q1]\n2) Switches: none\n\n### 2.1. Detail",
        "| region | EUR | |\n|---|---|---|\n| north | 1,200 | [q1] |\n| south | none | |",
        "From 2026-11-16 to 2026-11-22, in 2026-10, and in 2026-Q3: nothing [q1].",
        "On 2026-11-24 all was quiet.\n\nSo it was [q1].",
        "- north: 5 [q1]\n  and south: 7\n- west: none",
    ],
)
def test_what_is_traceable_passes(body: str) -> None:
    check_body(body, 1)


@pytest.mark.parametrize(
    ("body", "figure"),
    [
        ("Revenue was 1,200 EUR.", "1,200"),
        ("Up [q1].\n\nRevenue was 1,200 EUR.", "1,200"),
        ("Revenue [q1]:\n- north: 5", "5"),
        ("- north [q1]\n- south: 7", "7"),
        ("* a [q1]\n+ 7 more", "7"),
        ("1. first [q1]\n2. second: 30", "30"),
        ("## 12 % more\nas [q1] says", "12"),
        ("| a | b |\n|---|---|\n| north [q1] | 5 |\n| south | 7 |", "7"),
        ("a | b\n---|---\nnorth [q1] | 5\nsouth | 7", "7"),
        ("| 5 [q1] |\nand 7 more", "7"),
        ("In 2026 it rose [q1].\n\nIn 2025 it fell.", "2025"),
        ("Since 2026-13 [q1].\n\nSince 2026-13.", "2026-13."),
        ("From 2026-11-24,5 on [q1].\n\nFrom 2026-11-24,5 on.", "2026-11-24,5"),
        ("A-1001 was late [q1].\n\nA-1001 was late.", "1001"),
        ("Half [q1].\n\n½ of them.", "½"),
        ("Arabic [q1].\n\n\u0667 routers.", "\u0667"),
        ("Roman [q1].\n\n\u216b routers.", "\u216b"),
        ("Twice [q1].\n\nx² more.", "²"),
        ("Once [q1].\n\nAs q1 says, 5.", "1"),
        ("Once [q1].\n\n[Q1] 5", "1]"),
        ("Once [q1].\n\n[1] five", "1]"),
    ],
)
def test_a_figure_without_a_citation_is_refused_and_named(body: str, figure: str) -> None:
    with pytest.raises(RefusalError) as refused:
        check_body(body, 1)
    assert refused.value.code == "not_traceable"
    assert f"the figure {figure} without a citation" in refused.value.message


@pytest.mark.parametrize("mark", ["[q0]", "[q3]", "[q1, q3]", "[q99999999999999999999]"])
def test_a_citation_of_no_query_is_refused(mark: str) -> None:
    with pytest.raises(RefusalError, match="but there are 2 query_ids"):
        check_body(f"It is 5 {mark}. [q1, q2]", 2)


def test_a_query_that_is_cited_nowhere_is_refused() -> None:
    with pytest.raises(RefusalError, match=r"Query 2 is cited nowhere: cite it as \[q2\]"):
        check_body("It is 5 [q1] and 6 [q3].", 3)


@pytest.mark.parametrize(
    "body",
    [
        "So [q1]. <script>alert()</script>",
        "So [q1]. <!-- ",
        "So [q1]. ![x](https://elsewhere.example/?data)",
        "So [q1].\n```\n",
        "So [q1].\n~~~",
        "So [q1]. \u202e",
        "So [q1].\u2028Five",
        "So [q1].\u200b",
        "So [q1].\x0c",
        "So [q1].\rFive",
    ],
)
def test_what_acts_or_hides_is_refused(body: str) -> None:
    with pytest.raises(RefusalError) as refused:
        check_body(body, 1)
    assert refused.value.code == "bad_arguments"


def test_a_title_holds_no_figure_but_dates() -> None:
    check_title("Orders, 2026-11-16 to 2026-11-22, of 2026-Q4")
    with pytest.raises(RefusalError):
        check_title("40 orders")


@given(st.text(alphabet=st.sampled_from("ab5½ \n|-#.)[]q1,"), max_size=60))
def test_a_text_without_a_citation_passes_only_without_figures(text: str) -> None:
    try:
        check_body(text + "\n\n[q1]", 1)
    except RefusalError:
        return
    for part in text.split("\n\n"):
        if "[q" not in part:
            # List and heading numbers apart, which stand at the start of a line.
            inside = "".join(line.lstrip(" #0123456789.)-") for line in part.split("\n"))
            assert "½" not in inside, text
            assert "5" not in inside, text
