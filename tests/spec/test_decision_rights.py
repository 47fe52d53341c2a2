"""Who may decide on which calls, as the team's stack tells it."""

from pathlib import Path

import pytest

from corral.spec.approvers import decision_rights
from corral.spec.load import load_environment

SUPPORT = "stacks/dev/teams/support.yaml"
RULE = """      - tool: pay-back
        when: amount_cents > 5000
"""


@pytest.mark.control("approvals")
@pytest.mark.parametrize("delegate", [None, "arn:aws:iam::111122223333:user/night"])
def test_a_rule_names_the_call_how_many_and_whom(project: Path, delegate: str | None) -> None:
    path = project / SUPPORT
    text = path.read_text(encoding="utf-8")
    assert text.count(RULE) == 1
    more = "        within_minutes: 30\n        approvers: 2\n" + (
        f'        delegate: "{delegate}"\n' if delegate else ""
    )
    lines = text.replace(RULE, RULE + more).splitlines()
    [members] = [index for index, line in enumerate(lines) if line.strip().startswith("approvers: [")]
    two = ["arn:aws:iam::111122223333:role/lead", "arn:aws:iam::111122223333:user/deputy"]
    lines[members] = f"  approvers: {two!r}".replace("'", '"')
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    environment = load_environment(project / "stacks/dev")
    told = decision_rights(environment.teams["support"], environment.agents["support"])
    own = {
        "tool": "pay-back",
        "when": "amount_cents > 5000",
        "approvers": 2,
        "by": two,
        "within_minutes": 30,
        **({"delegate": delegate} if delegate else {}),
    }
    of_the_template = {**own, "when": "amount_cents > 20000", "approvers": 1, "within_minutes": 24 * 60}
    of_the_template.pop("delegate", None)
    assert told.keys() == {"helpdesk"}
    assert sorted(told["helpdesk"], key=str) == sorted([of_the_template, own], key=str)


def test_a_team_whose_agents_hold_no_call_back_has_nobody_to_name(project: Path) -> None:
    environment = load_environment(project / "stacks/dev")
    assert decision_rights(environment.teams["sales"], environment.agents["sales"]) == {}
