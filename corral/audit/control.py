"""What a control is, and what is known of it on one deployed platform."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from corral.spec.controls import ControlId
from corral.spec.platform import Waiver

# Security Hub CSPM controls; OWASP's Top 10 for Agentic Applications (ASI); the Agentic AI Lens of AWS Well-Architected
# (AGENTSEC); NIST AI 100-1; ISO/IEC 42001, Annex A; Regulation (EU) 2024/1689, its articles.
Standard = Literal[
    "Security Hub", "OWASP Agentic", "AWS Agentic AI Lens", "NIST AI RMF", "ISO 42001", "EU AI Act"
]
# "not known": what it takes to tell could not be asked. "does not apply": nothing is deployed that could break it.
Status = Literal["holds", "fails", "waived", "not known", "does not apply"]


@dataclass(frozen=True)
class Control:
    """Something the platform is held to, and where that is asked for: standard -> its ids there."""

    id: ControlId  # what a waiver and a test name it by: gateway-authorizer
    title: str  # what must hold, in one sentence
    sources: Mapping[Standard, tuple[str, ...]]


@dataclass(frozen=True)
class Evidence:
    """What was looked at and found, and where to see it: a URL, or an anchor of the report."""

    text: str
    link: str | None = None


@dataclass(frozen=True)
class Finding:
    """A control on one platform. `problems` say what does not hold; a waiver makes `fails` `waived`."""

    control: Control
    status: Status
    evidence: tuple[Evidence, ...]
    problems: tuple[str, ...] = ()
    waiver: Waiver | None = None
