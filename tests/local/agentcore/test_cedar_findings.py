"""What is refused about a Cedar statement before it becomes a policy."""

import pytest

from corral.local.server.agentcore.cedar_findings import validate_statement

GATEWAY = "arn:aws:bedrock-agentcore:us-east-1:111122223333:gateway/corral-dev-abcdefghij"
TOOLS = [
    {
        "name": "refund-issue___refund-issue",
        "inputSchema": {
            "type": "object",
            "properties": {"cents": {"type": "integer"}, "note": {"type": "string"}},
            "required": ["cents"],
        },
    }
]
GOOD = (
    'permit(principal is AgentCore::IamEntity, action == AgentCore::Action::"refund-issue___refund-issue", '
    f'resource == AgentCore::Gateway::"{GATEWAY}") when {{ principal.id like "*/helpdesk/*" && '
    "context.input.cents < 500 };"
)


@pytest.mark.parametrize(
    "statement",
    [
        GOOD,
        GOOD + GOOD,
        "forbid(principal, action, resource);",
        'permit(principal, action in AgentCore::Action::"Mcp", resource) when { principal.id like "x*" };',
        GOOD.replace("context.input.cents < 500", 'context.input has note && context.input.note == "ok"'),
    ],
)
def test_what_aws_takes_has_no_findings(statement: str) -> None:
    assert validate_statement(statement, TOOLS, GATEWAY) == []


@pytest.mark.parametrize(
    ("statement", "finding"),
    [
        ("permit(", "does not parse"),
        ("permit(principal == ?principal, action, resource);", "templates"),
        ("permit(principal, action, resource);", "overly permissive"),
        ("permit(principal is AgentCore::IamEntity, action, resource);", "overly permissive"),
        ('permit(principal, action in AgentCore::Action::"CallTool", resource);', "overly permissive"),
        (GOOD.replace("___refund-issue", "___refund-isue"), "unrecognized action"),
        (
            GOOD.replace(f'== AgentCore::Gateway::"{GATEWAY}"', "is AgentCore::Gateway"),
            "requires the gateway",
        ),
        (GOOD.replace("corral-dev", "corral-prod"), "not arn:aws:bedrock-agentcore"),
        (GOOD.replace('like "*/helpdesk/*"', '== "helpdesk"'), "match it with like"),
        (GOOD.replace("input.cents", "input.dollars"), "dollars"),
        (GOOD.replace("input.cents < 500", 'input.note == "x"'), "optional attribute"),
        (GOOD.replace("< 500", '< "500"'), "expected Long"),
        (GOOD + " " * 10_000, "characters"),
    ],
)
def test_what_aws_refuses_is_found(statement: str, finding: str) -> None:
    assert finding in " ".join(validate_statement(statement, TOOLS, GATEWAY))


def test_a_schema_cedar_cannot_express_is_a_finding() -> None:
    odd = [{"name": "t___t", "inputSchema": {"type": "object", "properties": {"a-b": {"type": "string"}}}}]
    assert "no schema for these tools" in validate_statement(GOOD, odd, GATEWAY)[0]
