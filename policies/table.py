"""docs/policies.md, written from the rules: `python -m policies.table` from the project's folder."""

import re
from pathlib import Path

from policies import RULES
from policies.rule import SECURITY_HUB, Rule

PAGE = Path(__file__).parents[1] / "docs/policies.md"
_HEAD = """\
# The policy pack

What no deployment of Corral may contain. Each rule is a plain function over one resource's properties, in a file of
its own in `policies/`. `corral up ENV --local` runs every rule on every resource; with the Pulumi CLI they are a policy
pack:

```sh
pulumi up --policy-pack policies
```

Each is mandatory: a violation stops the deployment before the resource is made. This page is written from the rules by
`python -m policies.table`; a test holds it to them.

| rule | on | severity | why | source |
|---|---|---|---|---|
"""


def page() -> str:
    """Return the whole page."""
    rows = [
        f"| `{rule.id}` | {', '.join(_kinds(rule))} | {rule.severity} | {rule.why} | {_source(rule)} |"
        for rule in sorted(RULES, key=lambda rule: rule.id)
    ]
    return _HEAD + "\n".join(rows) + "\n"


def _kinds(rule: Rule) -> list[str]:
    return sorted(token.rpartition(":")[2] for token in rule.types)


def _source(rule: Rule) -> str:
    found = re.search(r"#([a-z0-9]+)-(\d+)$", rule.link)
    hub = rule.link.startswith(SECURITY_HUB) and found
    return f"[{'Security Hub ' + found[1] + '.' + found[2] if found and hub else 'AWS'}]({rule.link})"


if __name__ == "__main__":
    PAGE.write_text(page())
