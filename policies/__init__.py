"""The policy pack: what no deployment of Corral may contain, one rule a file.

The rules are plain functions, so that the offline engine runs the very same ones without the Pulumi CLI;
`policies/__main__.py` makes them a Pulumi policy pack.
"""

from policies import (
    bucket_public_access,
    customer_keys,
    function_concurrency,
    function_encryption,
    function_tracing,
    function_url,
    gateway_authorizer,
    gateway_enforcement,
    harness_hooks,
    harness_tools,
    log_encryption,
    log_retention,
    policy_enforcement,
    role_boundary,
    trail,
    wildcard_actions,
)
from policies.rule import Rule

RULES: tuple[Rule, ...] = (
    gateway_authorizer.RULE,
    gateway_enforcement.RULE,
    policy_enforcement.RULE,
    role_boundary.RULE,
    wildcard_actions.RULE,
    harness_tools.RULE,
    harness_hooks.RULE,
    bucket_public_access.RULE,
    function_tracing.RULE,
    function_concurrency.RULE,
    function_encryption.RULE,
    function_url.RULE,
    log_retention.RULE,
    log_encryption.RULE,
    customer_keys.RULE,
    trail.RULE,
)
