"""knowledge-search finds the passages of one domain, as its documents are now."""

from typing import Any

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.common import aws
from functions.tools.knowledge_search import documents
from functions.tools.knowledge_search.handler import handler
from functions.tools.knowledge_search.ranking import PASSAGE_CHARACTERS, Index, Passage, split

RESET = """# Resetting the router

Hold the reset button for ten seconds until the light blinks.

# Warranty

Routers are covered for two years. Keep the receipt.
"""


@pytest.fixture
def bucket() -> Any:
    bucket = boto3.resource("s3").Bucket("documents")
    bucket.create(CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    bucket.put_object(Key="support-docs/router.md", Body=RESET)
    bucket.put_object(
        Key="support-docs/guides/wifi.txt", Body="Change the wifi password in the settings page."
    )
    bucket.put_object(Key="hr-people/salaries.md", Body="Reset of salaries: secret figures.")
    bucket.put_object(Key="support-docs-internal/notes.md", Body="Reset codes for engineers.")
    return bucket


def search(context: Any, query: str, domain: str = "support-docs", **more: Any) -> Any:
    return handler({"query": query, "domain": domain, **more}, context)


def test_the_passage_that_answers_comes_first_with_its_heading_and_source(bucket: Any, context: Any) -> None:
    answer = search(context, "how do I reset my router?")
    assert answer["domain"] == "support-docs"
    best = answer["passages"][0]
    assert best["source"] == "router.md"
    assert best["text"].startswith("Resetting the router\nHold the reset button")
    assert best["score"] > answer["passages"][-1]["score"] or len(answer["passages"]) == 1
    assert "notice" not in answer


def test_a_plural_finds_the_singular_and_a_folder_is_part_of_the_source(bucket: Any, context: Any) -> None:
    assert search(context, "passwords")["passages"][0]["source"] == "guides/wifi.txt"


@pytest.mark.control("team-isolation")
def test_no_other_domain_is_searched(bucket: Any, context: Any) -> None:
    sources = {passage["source"] for passage in search(context, "reset salaries codes", limit=10)["passages"]}
    assert sources == {"router.md"}


@pytest.mark.parametrize(
    "domain", ["no-such-domain", "support", "../hr-people", "support-docs/guides", "", "."]
)
def test_an_unknown_domain_is_refused(bucket: Any, context: Any, domain: str) -> None:
    assert search(context, "reset", domain)["error"]["code"] in ("unknown_domain", "bad_arguments")


def test_nothing_found_is_no_error(bucket: Any, context: Any) -> None:
    assert search(context, "zebra")["passages"] == []


def test_limit(bucket: Any, context: Any) -> None:
    assert len(search(context, "the", limit=1)["passages"]) == 1
    assert search(context, "the", limit=11)["error"]["code"] == "bad_arguments"


def test_what_has_not_changed_is_not_read_again(
    bucket: Any, context: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[str] = []

    def read(text: str, source: str) -> list[Passage]:
        reads.append(source)
        return split(text, source)

    monkeypatch.setattr(documents, "split", read)
    search(context, "reset")
    search(context, "wifi")
    assert sorted(reads) == ["guides/wifi.txt", "router.md"]
    bucket.put_object(Key="support-docs/router.md", Body="Press the blue button to reset.")
    assert "blue button" in search(context, "reset")["passages"][0]["text"]
    assert sorted(reads) == ["guides/wifi.txt", "router.md", "router.md"]


def test_a_deleted_document_is_gone_from_answers_and_from_memory(bucket: Any, context: Any) -> None:
    search(context, "reset")
    bucket.Object("support-docs/router.md").delete()
    assert search(context, "reset")["passages"] == []
    assert {key for key, _ in documents._passages} == {"support-docs/guides/wifi.txt"}


def test_only_so_many_domains_are_kept(bucket: Any, context: Any) -> None:
    for number in range(8):
        bucket.put_object(Key=f"domain-{number}/a.md", Body="word")
        search(context, "word", f"domain-{number}")
    assert list(documents._libraries) == ["domain-4", "domain-5", "domain-6", "domain-7"]
    assert len(documents._passages) == 4


def test_more_documents_than_a_page_are_all_found(bucket: Any, context: Any) -> None:
    def two_a_page(params: dict[str, Any], **_: Any) -> None:
        params["MaxKeys"] = 2

    event = "provide-client-params.s3.ListObjectsV2"
    aws.client("s3").meta.events.register(event, two_a_page)
    for number in range(5):
        bucket.put_object(Key=f"many/{number}.md", Body=f"unique{number}")
    try:
        assert search(context, "unique4", "many")["passages"][0]["source"] == "4.md"
    finally:
        aws.client("s3").meta.events.unregister(event, two_a_page)


def test_what_is_over_the_limits_is_left_out_and_said(
    bucket: Any, context: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "MAX_DOCUMENT_BYTES", 1000)
    monkeypatch.setattr(documents, "MAX_DOMAIN_BYTES", 1500)
    monkeypatch.setattr(documents, "MAX_DOCUMENTS", 3)
    bucket.put_object(Key="big/1-huge.md", Body="huge " * 300)
    bucket.put_object(Key="big/2.md", Body="small " * 150)
    bucket.put_object(Key="big/3.md", Body="other " * 150)
    for name in "4567":
        bucket.put_object(Key=f"big/{name}.md", Body="tiny")
    answer = search(context, "huge other tiny small", "big", limit=10)
    assert {passage["source"] for passage in answer["passages"]} == {"2.md", "4.md", "5.md"}
    assert answer["notice"].startswith("4 documents")


def test_other_files_and_broken_text_do_no_harm(bucket: Any, context: Any) -> None:
    bucket.put_object(Key="odd/picture.png", Body=b"\x89PNG reset")
    bucket.put_object(Key="odd/empty.md", Body=b"")
    bucket.put_object(Key="odd/broken.md", Body=b"reset \xff\xfe here")
    assert [passage["source"] for passage in search(context, "reset", "odd")["passages"]] == ["broken.md"]


def test_a_bucket_that_is_down_is_a_fault(context: Any) -> None:
    with pytest.raises(Exception, match="NoSuchBucket"):
        search(context, "reset")


@given(st.text(alphabet=st.sampled_from("ab \n#."), max_size=4000))
def test_splitting_loses_no_word_and_keeps_to_its_length(text: str) -> None:
    passages = split(text, "s.md")
    headings = 120 + 1
    assert all(len(passage.text) <= PASSAGE_CHARACTERS + headings + 1 for passage in passages)
    kept = sum(passage.text.count("b") for passage in passages)
    if "#" not in text:
        assert kept == text.count("b")


def test_a_rare_word_counts_more_than_a_common_one_and_length_counts_against() -> None:
    passages = [
        passage
        for name, text in {
            "rare.md": "router warranty",
            "common.md": "router router router",
            "long.md": "warranty " + "padding " * 60,
            **{f"{n}.md": "router" for n in range(5)},
        }.items()
        for passage in split(text, name)
    ]
    ranked = [passage.source for _, passage in Index(passages).best("router warranty", 3)]
    assert ranked[0] == "rare.md"
    assert Index(passages).best("warranty", 5)[-1][1].source == "long.md"


def test_a_document_with_form_feeds_has_pages_and_no_passage_goes_over_one(bucket: Any, context: Any) -> None:
    bucket.put_object(
        Key="contracts/supply.md",
        Body="# Term\n\nTwo years.\n\f\nThe term may be extended.\n\n# Liability\n\nUnlimited.\n\f\f\nThe term ends.",
    )
    bucket.put_object(Key="contracts/note.txt", Body="The term is known.")
    found = search(context, "term unlimited", "contracts", limit=10)["passages"]
    assert {(p["source"], p.get("page"), p["text"]) for p in found} == {
        ("supply.md", 1, "Term\nTwo years."),
        ("supply.md", 2, "Term\nThe term may be extended."),
        ("supply.md", 2, "Liability\nUnlimited."),
        ("supply.md", 4, "Liability\nThe term ends."),
        ("note.txt", None, "The term is known."),
    }
    assert all(("page" in p) == (p["source"] == "supply.md") for p in found)


@given(st.text(alphabet=st.sampled_from("ab \n#.\f"), max_size=2000))
def test_words_are_on_the_page_they_are_found_on(text: str) -> None:
    pages = text.split("\f")
    for passage in split(text, "s.md"):
        assert (passage.page is None) == (len(pages) == 1)
        assert passage.text.count("b") <= text.count("b")
        if "#" not in text and passage.page is not None:
            assert "".join(passage.text.split()) in "".join(pages[passage.page - 1].split())


def test_one_document_alone_is_searched_when_it_is_named(bucket: Any, context: Any) -> None:
    bucket.put_object(Key="support-docs/other.md", Body="Reset reset reset.")
    answer = search(context, "reset", source="router.md")
    assert {passage["source"] for passage in answer["passages"]} == {"router.md"}
    assert search(context, "wifi", source="router.md")["passages"] == []
    assert search(context, "wifi", source="guides/wifi.txt")["passages"]


@pytest.mark.parametrize(
    "source", ["Router.md", "router", "../hr-people/salaries.md", "support-docs/router.md"]
)
def test_an_unknown_document_is_refused_with_those_there_are(bucket: Any, context: Any, source: str) -> None:
    error = search(context, "reset", source=source)["error"]
    assert error["code"] == "unknown_source"
    assert error["message"].endswith("Its documents: guides/wifi.txt, router.md.")


def test_no_more_than_ten_documents_are_listed(bucket: Any, context: Any) -> None:
    for number in range(12):
        bucket.put_object(Key=f"many/{number:02}.md", Body="word")
    message = search(context, "word", "many", source="x")["error"]["message"]
    assert message.endswith(
        "00.md, 01.md, 02.md, 03.md, 04.md, 05.md, 06.md, 07.md, 08.md, 09.md and 2 more."
    )


def test_an_empty_index_answers() -> None:
    assert Index([]).best("anything", 5) == []
