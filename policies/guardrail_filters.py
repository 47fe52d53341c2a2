"""A guardrail stops prompt attacks, personal data and what no source bears out."""

from collections.abc import Iterator

from policies.rule import Properties, Rule


def check(guardrail: Properties) -> Iterator[str]:
    """Require prompt attacks at HIGH, personal data acted on in answers, and grounding."""
    content = (guardrail.get("contentPolicyConfig") or {}).get("filtersConfig") or ()
    attack = next(
        (each.get("inputStrength") for each in content if each.get("type") == "PROMPT_ATTACK"), None
    )
    if attack != "HIGH":
        yield f"the filter PROMPT_ATTACK has inputStrength {attack}; it must be HIGH"
    personal = (guardrail.get("sensitiveInformationPolicyConfig") or {}).get("piiEntitiesConfig") or ()
    if not any(each.get("outputEnabled", True) and _acts(each) for each in personal):
        yield "has no piiEntitiesConfig that blocks or masks personal data in answers"
    grounding = (guardrail.get("contextualGroundingPolicyConfig") or {}).get("filtersConfig") or ()
    if not any(each.get("type") == "GROUNDING" for each in grounding):
        yield "has no contextual filter GROUNDING"


def _acts(entity: Properties) -> bool:
    return entity.get("outputAction", entity.get("action")) in ("BLOCK", "ANONYMIZE")


RULE = Rule(
    id="guardrail-filters",
    severity="high",
    enforcement="mandatory",
    why="OWASP ASI01: what an agent reads may try to take it over, and what it says may give people away.",
    link="https://docs.aws.amazon.com/bedrock/latest/userguide/guardrails-prompt-attack.html",
    types=frozenset({"aws-native:bedrock:Guardrail"}),
    check=check,
)
