"""The guardrails on what people say to agents and what agents say to them: one for each level a template may ask."""

import hashlib
from dataclasses import dataclass

from pulumi import ComponentResource, ResourceOptions
from pulumi_aws_native import bedrock

from components.holds import Held
from components.site import Shared
from corral.spec.platform import Guardrail as Rules
from corral.spec.template import GuardrailLevel

BLOCKED_INPUT = "This message cannot be passed on: it is outside what this assistant may be asked."
BLOCKED_OUTPUT = "The answer was withheld: it is outside what this assistant may say."
# Below it an answer is taken to be made up (grounding) or beside the point (relevance).
GROUNDING_THRESHOLDS: dict[GuardrailLevel, float] = {"standard": 0.7, "strict": 0.85}

# Personal data in an answer is masked, or stops a strict agent's; what opens doors or accounts stops any answer.
MASKED = ("EMAIL", "PHONE", "ADDRESS", "NAME", "USERNAME", "IP_ADDRESS", "DRIVER_ID", "LICENSE_PLATE")
WITHHELD = (
    *(
        "CREDIT_DEBIT_CARD_NUMBER",
        "CREDIT_DEBIT_CARD_CVV",
        "PIN",
        "PASSWORD",
        "AWS_ACCESS_KEY",
        "AWS_SECRET_KEY",
    ),
    *("INTERNATIONAL_BANK_ACCOUNT_NUMBER", "US_SOCIAL_SECURITY_NUMBER", "US_PASSPORT_NUMBER"),
)
_HARMFUL = ("SEXUAL", "VIOLENCE", "HATE", "INSULTS", "MISCONDUCT")


@dataclass(frozen=True)
class GuardrailArgs:
    """Arguments of a Guardrail. `rules` are the environment's own, added to what every environment has."""

    shared: Shared
    rules: Rules
    held: Held
    level: GuardrailLevel = "standard"


class Guardrail(ComponentResource):
    """A guardrail and the version that callers apply."""

    def __init__(self, name: str, args: GuardrailArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("corral:index:Guardrail", name, None, opts)
        shared, strict = args.shared, args.level == "strict"
        guardrail = bedrock.Guardrail(
            f"{name}-guardrail",
            name=shared.site.name("strict") if strict else shared.site.name(),
            description=f"On every message to {'a strict' if strict else 'an'} agent and every answer.",
            blocked_input_messaging=BLOCKED_INPUT,
            blocked_outputs_messaging=BLOCKED_OUTPUT,
            kms_key_arn=shared.key_arn,
            content_policy_config=bedrock.GuardrailContentPolicyConfigArgs(filters_config=_filters()),
            sensitive_information_policy_config=bedrock.GuardrailSensitiveInformationPolicyConfigArgs(
                pii_entities_config=[
                    *(_personal(kind, "ANONYMIZE", strict) for kind in MASKED),
                    *(_personal(kind, "BLOCK", strict) for kind in WITHHELD),
                ]
            ),
            contextual_grounding_policy_config=bedrock.GuardrailContextualGroundingPolicyConfigArgs(
                filters_config=[
                    bedrock.GuardrailContextualGroundingFilterConfigArgs(
                        type=kind, threshold=GROUNDING_THRESHOLDS[args.level]
                    )
                    for kind in bedrock.GuardrailContextualGroundingFilterType
                ]
            ),
            topic_policy_config=_topics(args.rules),
            word_policy_config=_words(args.rules),
            tags=shared.tags.as_list(),
            opts=ResourceOptions(parent=self),
        )
        version = bedrock.GuardrailVersion(
            f"{name}-version",
            guardrail_identifier=guardrail.guardrail_id,
            # A version holds what the guardrail was when it was made: other rules need another one.
            description=f"Rules {_fingerprint(args.rules, args.level)}",
            # Teams go on using the version they were deployed with. The guardrail takes all versions with it.
            opts=ResourceOptions(parent=self, retain_on_delete=True, delete_before_replace=False),
        )
        self.guardrail_id = guardrail.guardrail_id
        self.arn = guardrail.guardrail_arn
        self.version = args.held.version(f"guardrail:{args.level}", self.arn, version.version)
        self.register_outputs({"arn": self.arn, "version": self.version})


def _filters() -> list[bedrock.GuardrailContentFilterConfigArgs]:
    high, none = bedrock.GuardrailFilterStrength.HIGH, bedrock.GuardrailFilterStrength.NONE
    attack = bedrock.GuardrailContentFilterConfigArgs(
        type=bedrock.GuardrailContentFilterType.PROMPT_ATTACK,
        input_strength=high,
        output_strength=none,  # the only value Bedrock takes here: an answer is no attack
    )
    harmful = [
        bedrock.GuardrailContentFilterConfigArgs(
            type=bedrock.GuardrailContentFilterType(kind), input_strength=high, output_strength=high
        )
        for kind in _HARMFUL
    ]
    return [attack, *harmful]


def _personal(kind: str, action: str, strict: bool) -> bedrock.GuardrailPiiEntityConfigArgs:
    """Act on personal data in answers. In a message it passes: a customer may say who they are.

    A strict agent gives none away and is given none: an answer with it is withheld, a message loses it.
    """
    act = bedrock.GuardrailSensitiveInformationAction(action)
    block = bedrock.GuardrailSensitiveInformationAction.BLOCK
    return bedrock.GuardrailPiiEntityConfigArgs(
        type=bedrock.GuardrailPiiEntityType(kind),
        action=block if strict else act,
        input_enabled=strict,
        input_action=act if strict else None,
        output_enabled=True,
        output_action=block if strict else act,
    )


def _topics(rules: Rules) -> bedrock.GuardrailTopicPolicyConfigArgs | None:
    if not rules.denied_topics:
        return None
    return bedrock.GuardrailTopicPolicyConfigArgs(
        topics_config=[
            bedrock.GuardrailTopicConfigArgs(
                name=topic.name,
                definition=topic.definition,
                examples=list(topic.examples),
                type=bedrock.GuardrailTopicType.DENY,
            )
            for topic in rules.denied_topics
        ]
    )


def _words(rules: Rules) -> bedrock.GuardrailWordPolicyConfigArgs:
    profanity = bedrock.GuardrailManagedWordsConfigArgs(type=bedrock.GuardrailManagedWordsType.PROFANITY)
    words = [bedrock.GuardrailWordConfigArgs(text=word) for word in rules.blocked_words]
    return bedrock.GuardrailWordPolicyConfigArgs(
        managed_word_lists_config=[profanity], words_config=words or None
    )


def _fingerprint(rules: Rules, level: GuardrailLevel) -> str:
    own = f"{BLOCKED_INPUT}{BLOCKED_OUTPUT}{GROUNDING_THRESHOLDS[level]}{MASKED}{WITHHELD}{_HARMFUL}"
    own += "" if level == "standard" else level
    return hashlib.sha256((own + rules.model_dump_json()).encode()).hexdigest()[:12]
