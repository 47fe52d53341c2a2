"""A small team of its own for tests of scenarios: a private template whose scenarios are known here."""

from pathlib import Path

FILES = {
    "teams/probe.yaml": """\
apiVersion: corral/v1
team: probe
owner: {name: Probe, email: probe@example.com, on_call: probe@example.com}
cost: {center: p-1, monthly_budget_usd: 10}
members:
  operators: ["arn:aws:iam::111122223333:role/probe-staff"]
  approvers: ["arn:aws:iam::111122223333:role/probe-lead"]
agents:
  - {name: teller, template: teller@1, stage: experiment, parameters: {at: rate(1 day)}}
  - {name: second, template: teller@1, stage: experiment, parameters: {at: rate(2 days)}}
""",
    "templates/teller/1.0.0/template.yaml": """\
apiVersion: corral/v1
template: teller
version: 1.0.0
summary: Tells what a test wants to hear.
use_when: [A test needs an agent.]
not_when: [A person needs one.]
owner: {name: Probe, email: probe@example.com}
parameters:
  at: {type: schedule, help: When it reports.}
tools: [ticket-create]
limits: {max_iterations: 3}
schedule: {parameter: at, message: Report on the day.}
junctions:
  - {when: It is not sure., who: The team., what: Decides.}
""",
    "templates/teller/1.0.0/prompt.md.j2": "You tell what a test wants to hear, at {{ parameters.at }}.\n",
    "templates/teller/1.0.0/card.md.j2": "# {{ agent }}\n\nTells what a test wants to hear.\n",
    "templates/teller/1.0.0/scenarios.yaml": """\
apiVersion: corral/v1
scenarios:
  - name: says-it
    title: Says what it is asked to
    case: happy-path
    user: Say it.
    model: [{say: "It, says {{ agent }} of {{ team }}."}]
    expect: {answer_contains: ["says"], answer_lacks: [never]}
  - name: ticket-fails
    title: Says so when no ticket can be opened
    case: tool-error
    user: Open a ticket.
    model:
      - {tool: ticket-create, input: {subject: s, body: b}, instead: {fails: timeout}}
      - {say: Not now.}
    expect: {calls: [{tool: ticket-create, decision: failed}], answer_contains: [not now]}
  - name: wants-too-much
    title: Is refused what it was not given
    case: denied-tool
    user: Pay it back.
    model:
      - {tool: refund-issue, input: {order_id: A-1, amount_cents: 1, reason: r}}
      - {say: I may not.}
    expect: {calls: [{tool: refund-issue, decision: denied-by-supervisor}]}
  - name: daily-report
    title: Reports once a day
    by: schedule
    user: Report on the day.
    model: [{say: All is well.}]
    expect: {answer_contains: [well]}
  - name: goes-wrong
    title: Does not do what it should
    user: Open a ticket that is none.
    model:
      - {tool: ticket-create, input: {subject: "", body: b}}
      - {say: "No <ticket> & no [luck]."}
    expect: {calls: [{tool: ticket-create, decision: failed}], answer_contains: [TCK-]}
""",
}


def add(project: Path) -> None:
    """Write the team and its template into environment dev of a project."""
    for name, text in FILES.items():
        path = project / "stacks/dev" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
