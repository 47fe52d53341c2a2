"""What a rule is: a plain function over one resource's inputs, and the words that explain it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Properties = Mapping[str, Any]
Check = Callable[[Properties], Iterator[str]]

SECURITY_HUB = "https://docs.aws.amazon.com/securityhub/latest/userguide/"
AGENTCORE = "aws-native:bedrockagentcore:"


@dataclass(frozen=True)
class Rule:
    """One rule of the policy pack.

    `check` is called with the inputs (Pulumi's camelCase) of every resource whose type is in `types` and
    yields a sentence for each violation. A `mandatory` rule stops the deployment, an `advisory` one is only
    reported.
    """

    id: str
    severity: Literal["low", "medium", "high", "critical"]
    enforcement: Literal["mandatory", "advisory"]
    why: str
    link: str
    types: frozenset[str]
    check: Check
