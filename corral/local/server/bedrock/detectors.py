"""What a guardrail finds in a text here. Amazon Bedrock uses models for most of this; these are stand-ins.

- Personal data: only the kinds a regular expression can find (PII below). Names, addresses, ages and the
  like are never found.
- Denied topics: by example. A text belongs to a topic when its words resemble one of the topic's examples
  (cosine of word counts, stop words left out, at least 0.5, sentence by sentence).
- Prompt attacks: by the phrases listed below.
- Profanity and the other content filters (hate, violence, ...) and contextual grounding are not evaluated.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import regex

_TOPIC_SIMILARITY = 0.5
_REGEX_SECONDS = 1.0  # a customer's pattern may backtrack without end

PII = {
    "EMAIL": r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+",
    "PHONE": (
        r"(?<!\d )(?<!\w[.-]?)(?:\+\d{1,3}[ .-]?)?(?:\(\d{2,4}\)|\d{2,4})[ .-]\d{3,4}[ .-]\d{3,4}"
        r"(?![ .-]?\d)(?!\w)"
    ),
    "CREDIT_DEBIT_CARD_NUMBER": r"(?<![\d-])\d(?:[ -]?\d){12,18}(?![\d-])",
    "US_SOCIAL_SECURITY_NUMBER": r"(?<![\d-])(?!000|666|9\d\d)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\d-])",
    "IP_ADDRESS": r"(?<![\d.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\d.])",
    "AWS_ACCESS_KEY": r"(?<!\w)(?:AKIA|ASIA)[A-Z0-9]{16}(?!\w)",
    "MAC_ADDRESS": r"(?<![\w:])(?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}(?![\w:])",
    "URL": r"https?://[^\s<>\"']+",
    "INTERNATIONAL_BANK_ACCOUNT_NUMBER": (
        r"(?<!\w)[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?!\w)"
    ),
}

PROMPT_ATTACKS = (
    r"(?:ignore|disregard|forget|override) (?:all |any |your |the |of |my )*"
    r"(?:previous|prior|above|earlier|other)[\w ]*(?:instructions?|rules?|prompts?|messages?)",
    r"(?:ignore|disregard|forget|override) (?:all |of )*your (?:instructions?|rules?|guidelines?|prompt)",
    r"(?:reveal|show|print|repeat|output)[\w ]* (?:your|the) (?:system|hidden|initial) prompt",
    r"you are now (?:in )?(?:dan|developer mode|jailbroken|unrestricted)",
    r"(?:enable|enter|activate) (?:developer|dan|god|jailbreak) mode",
    r"(?:pretend|act as if) (?:that )?you have no (?:rules|restrictions|guidelines|limits)",
    r"\[/?(?:system|inst)\]|<\|?(?:system|im_start)\|?>",
)

_STOP_TEXT = """
    a about am an and any are as at be by can could do does for from give had has have how i if in
    is it its may me my not of on or our please should so tell than that the their them then there
    these they this to us was we were what when where which who will with would you your
"""
_STOP_WORDS = frozenset(_STOP_TEXT.split())


def personal_data(kind: str, text: str) -> Iterator[str]:
    """Yield the pieces of a text that are personal data of a kind (a guardrail's PII type)."""
    if kind in PII:
        for found in regex.finditer(PII[kind], text):
            if kind != "CREDIT_DEBIT_CARD_NUMBER" or _luhn(found[0]):
                yield found[0]


def custom(pattern: str, text: str) -> Iterator[str]:
    """Yield the matches of a customer's pattern. TimeoutError when it takes too long."""
    for found in regex.finditer(pattern, text, timeout=_REGEX_SECONDS):
        if found[0]:
            yield found[0]


def words(phrases: Iterable[str], text: str) -> Iterator[str]:
    """Yield the blocked words or phrases a text holds, whole words only, whatever the case."""
    for phrase in phrases:
        if regex.search(rf"(?<!\w){regex.escape(phrase)}(?!\w)", text, regex.IGNORECASE):
            yield phrase


def prompt_attack(text: str) -> bool:
    """Whether a text has one of the known phrases of prompt attacks."""
    return any(regex.search(pattern, text, regex.IGNORECASE) for pattern in PROMPT_ATTACKS)


def on_topic(topic: dict[str, Any], text: str) -> bool:
    """Whether a text resembles an example of a denied topic (TopicConfig properties) or its definition."""
    sentences = [_counts(sentence) for sentence in regex.split(r"[.!?\n]+", text)]
    samples = [_counts(sample) for sample in (*topic.get("Examples", ()), topic["Definition"])]
    return any(_cosine(sentence, sample) >= _TOPIC_SIMILARITY for sentence in sentences for sample in samples)


def _counts(text: str) -> Counter[str]:
    return Counter(_stem(word) for word in regex.findall(r"[\w']+", text.lower()) if word not in _STOP_WORDS)


def _stem(word: str) -> str:
    """Enough for plurals and -ing forms of English."""
    for ending in ("ing", "ies", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


def _cosine(one: Counter[str], other: Counter[str]) -> float:
    shared = sum(count * other[word] for word, count in one.items())
    if not shared or sum(one.values()) < 2:  # a single word is no evidence of a topic
        return 0.0
    lengths = math.prod(math.sqrt(sum(count**2 for count in counts.values())) for counts in (one, other))
    return shared / lengths


def _luhn(text: str) -> bool:
    digits = [int(character) for character in text if character.isdigit()]
    doubled = [digit * 2 - 9 * (digit > 4) for digit in digits[-2::-2]]
    return (sum(doubled) + sum(digits[-1::-2])) % 10 == 0
