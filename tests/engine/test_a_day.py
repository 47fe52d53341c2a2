"""A cloud engineer's day: deploy, change, refresh, rename, retire, destroy. Each test goes on from the last."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.engine.engine import Engine

SUPPORT = "stacks/dev/teams/support.yaml"
PARTS = ("harness", "live", "config")  # what knows which version an agent is, or what a turn of it reads
HELPDESK = {f"dev-support-helpdesk-{part}": "update" for part in PARTS}


def expect_unchanged(engine: Engine, *stacks: str) -> None:
    for stack in stacks:
        again = engine.up(stack, "--expect-no-changes")
        assert again.steps == ()
        assert again.unchanged > 20


def inventory(engine: Engine) -> dict[str, list[str]]:
    """What the account holds, seen through AWS's own API."""
    control, found = engine.client("cloudcontrol"), {}
    for kind in ("Harness", "Gateway", "PolicyEngine", "Memory"):
        page = control.list_resources(TypeName=f"AWS::BedrockAgentCore::{kind}")
        found[kind] = sorted(each["Identifier"] for each in page["ResourceDescriptions"])
    found["roles"] = sorted(role["RoleName"] for role in engine.client("iam").list_roles()["Roles"])
    found["policies"] = sorted(
        p["PolicyName"] for p in engine.client("iam").list_policies(Scope="Local")["Policies"]
    )
    found["functions"] = sorted(
        f["FunctionName"] for f in engine.client("lambda").list_functions()["Functions"]
    )
    found["buckets"] = sorted(b["Name"] for b in engine.client("s3").list_buckets()["Buckets"])
    found["tables"] = sorted(engine.client("dynamodb").list_tables()["TableNames"])
    found["topics"] = sorted(t["TopicArn"] for t in engine.client("sns").list_topics()["Topics"])
    found["log groups"] = sorted(
        g["logGroupName"] for g in engine.client("logs").describe_log_groups()["logGroups"]
    )
    kms = engine.client("kms")
    keys = [kms.describe_key(KeyId=k["KeyId"])["KeyMetadata"] for k in kms.list_keys()["Keys"]]
    found["keys"] = sorted(k["Description"] for k in keys if k["KeyState"] == "Enabled")
    return found


@pytest.fixture(scope="module")
def before(engine: Engine) -> dict[str, list[str]]:
    """The account before anything was deployed."""
    return inventory(engine)


def test_a_team_before_its_platform_is_told_what_to_run(engine: Engine, before: Any) -> None:
    engine.init("dev", "dev.support", "dev.sales")
    refused = engine.update("up", "dev.support")
    assert refused.code != 0
    assert "pulumi up -s dev" in refused.said
    assert "Traceback" not in refused.said
    assert refused.steps == ()
    assert engine.state("dev.support") == [] or all(
        each["type"].startswith("pulumi:") for each in engine.state("dev.support")
    )
    assert inventory(engine) == before


def test_a_fresh_up(engine: Engine) -> None:
    platform = engine.up("dev", "--policy-pack", str(engine.project / "policies"))
    assert set(platform.counts()) == {"create"}
    team = engine.up("dev.support")
    assert set(team.counts()) == {"create"}
    assert engine.outputs("dev")["policy_engine_mode"] == "ENFORCE"
    assert engine.outputs("dev.support")["agents"]["helpdesk"]["role_arn"].startswith("arn:aws:iam::")


@pytest.mark.control("no-change-on-reapply")
def test_a_second_up_has_nothing_to_do(engine: Engine) -> None:
    expect_unchanged(engine, "dev", "dev.support")


def test_no_secret_is_in_plain_text_in_the_state(engine: Engine) -> None:
    said = json.dumps([engine.state(stack) for stack in ("dev", "dev.support")])
    assert engine.environment["AWS_SECRET_ACCESS_KEY"] not in said


@pytest.mark.control("no-change-on-reapply")
def test_refresh_finds_nothing_and_leaves_nothing_to_do(engine: Engine) -> None:
    for stack in ("dev", "dev.support"):
        refreshed = engine.update("refresh", stack, "--expect-no-changes")
        assert refreshed.code == 0, refreshed.said
        preview = engine.update("preview", stack, "--expect-no-changes")
        assert preview.code == 0, preview.said


def test_a_prompt_touches_its_agents_and_nothing_else(engine: Engine) -> None:
    prompt = "templates/agents/customer-support/1.1.0/prompt.md.j2"
    first = (engine.project / prompt).read_text().splitlines()[0]
    with engine.edited(prompt, first, f"{first} Be kind."):
        assert engine.up("dev").steps == ()
        changed = engine.up("dev.support").touched()
    assert set(changed.values()) == {"update"}
    assert {name.rpartition("-")[2] for name in changed} == set(PARTS)
    agents = engine.outputs("dev.support")["agents"]
    assert set(changed) <= {f"dev-support-{agent}-{part}" for agent in agents for part in PARTS}
    assert set(changed) >= set(HELPDESK)
    assert engine.up("dev.support").touched() == changed


def test_a_parameter_touches_one_agent(engine: Engine) -> None:
    with engine.edited(SUPPORT, "tone: friendly", "tone: formal"):
        assert engine.up("dev.support").touched() == HELPDESK
    assert engine.up("dev.support").touched() == HELPDESK


def test_a_limit_touches_one_agent(engine: Engine) -> None:
    with engine.edited(SUPPORT, "{cost_per_task_usd: 0.15}", "{cost_per_task_usd: 0.15, max_iterations: 9}"):
        assert engine.up("dev.support").touched() == HELPDESK
    assert engine.up("dev.support").touched() == HELPDESK


def test_a_threshold_touches_what_the_supervisor_knows(engine: Engine) -> None:
    with engine.edited(SUPPORT, "amount_cents > 5000", "amount_cents > 4000"):
        assert engine.up("dev.support").touched() == {"dev-support-helpdesk-config": "update"}
    assert engine.up("dev.support").touched() == {"dev-support-helpdesk-config": "update"}


def test_a_tool_s_code_touches_its_function_and_alias(engine: Engine) -> None:
    handler = "functions/tools/ticket_create/handler.py"
    first = (engine.project / handler).read_text().splitlines()[0]
    expected = {"dev-tool-ticket-create-function": "update", "dev-tool-ticket-create-live": "update"}
    with engine.edited(handler, first, f"{first}\n# changed"):
        assert engine.up("dev").touched() == expected
        assert engine.up("dev.support").steps == ()
    assert engine.up("dev").touched() == expected


def test_a_grant_touches_what_names_its_tools(engine: Engine) -> None:
    text = (engine.project / SUPPORT).read_text()
    assert "tools: [knowledge-search, ticket-create, refund-issue]" in text
    with engine.edited(
        SUPPORT,
        "tools: [knowledge-search, ticket-create, refund-issue]",
        "tools: [knowledge-search, ticket-create, refund-issue, web-search]",
    ):
        changed = engine.up("dev.support").touched()
    assert set(changed.values()) == {"update"}
    assert {name.removeprefix("dev-support-helpdesk-") for name in changed} == {
        *("harness", "live", "policy-cedar", "config", "record"),
    }
    assert engine.up("dev.support").touched() == changed


def test_a_tool_that_is_still_used_is_not_removed(engine: Engine) -> None:
    platform = "stacks/dev/platform.yaml"
    lines = (engine.project / platform).read_text().splitlines()
    line = next(line for line in lines if line.strip().startswith("ticket-create"))
    with engine.edited(platform, f"{line}\n", ""):
        refused = engine.update("up", "dev")
    assert refused.code != 0
    assert "ticket-create" in refused.said
    assert "stacks/dev/teams/support.yaml:" in refused.said
    assert refused.steps == ()
    assert "Traceback" not in refused.said


NEW_AGENT = """  - name: concierge
    template: customer-support@1
    stage: experiment
    parameters: {product: "Acme Hotel", domain: support-docs, tone: formal}
"""


def test_an_agent_is_added_renamed_and_retired(engine: Engine) -> None:
    path = engine.project / SUPPORT
    original = path.read_text().rstrip("\n") + "\n"
    path.write_text(original + NEW_AGENT)
    made = engine.up("dev.support").touched()
    own = {name for name in made if "concierge" in name}  # its alarm and its evaluation among them
    assert {made[name] for name in own} == {"create"}
    others = {name: made[name] for name in made.keys() - own}
    front_door = (f"front-door-{part}" for part in ("function", "live", "policy"))
    shared = (*front_door, "dashboard", "watch-evaluation-policy")
    assert others == {f"dev-support-{each}": "update" for each in shared}
    role = engine.outputs("dev.support")["agents"]["concierge"]["role_arn"]

    path.write_text(original + NEW_AGENT.replace("name: concierge", "name: porter\n    formerly: concierge"))
    renamed = engine.up("dev.support")
    assert set(renamed.counts()) == {"update"}
    assert engine.outputs("dev.support")["agents"]["porter"]["role_arn"] == role
    assert "concierge" not in engine.outputs("dev.support")["agents"]
    expect_unchanged(engine, "dev.support")

    path.write_text(original)
    retired = engine.up("dev.support").touched()
    assert {name for name, how in retired.items() if how == "delete"} == own
    assert role.rpartition("/")[2] not in [r["RoleName"] for r in engine.client("iam").list_roles()["Roles"]]
    expect_unchanged(engine, "dev.support")


def test_two_teams_side_by_side(engine: Engine) -> None:
    running = [
        engine.command("up", "--stack", stack, "--yes", "--skip-preview")
        for stack in ("dev.support", "dev.sales")
    ]
    for process in running:
        said, _ = process.communicate(timeout=300)
        assert process.returncode == 0, said
    expect_unchanged(engine, "dev.support", "dev.sales")


def test_what_was_changed_behind_the_back_is_found_and_put_back(engine: Engine) -> None:
    role = engine.outputs("dev.support")["agents"]["helpdesk"]["role_arn"].rpartition("/")[2]
    iam = engine.client("iam")
    name = iam.list_role_policies(RoleName=role)["PolicyNames"][0]
    wide = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
    iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(wide))
    found = engine.update("preview", "dev.support", "--refresh", "--diff")
    assert "s3:*" in found.said
    back = engine.up("dev.support", "--refresh").touched()
    assert back == {"dev-support-helpdesk-policy": "update"}
    assert "s3:*" not in json.dumps(iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"])


def test_a_state_can_be_exported_and_imported(engine: Engine, tmp_path: Path) -> None:
    file = str(tmp_path / "state.json")
    assert engine.run("stack", "export", "--stack", "dev.support", "--file", file).returncode == 0
    assert engine.run("stack", "import", "--stack", "dev.support", "--file", file).returncode == 0
    expect_unchanged(engine, "dev.support")


def test_a_lost_resource_is_imported(engine: Engine) -> None:
    item = next(
        each for each in engine.state("dev.support") if each["urn"].endswith("::dev-support-operator-policy")
    )
    done = engine.run("state", "delete", item["urn"], "--stack", "dev.support", "--yes")
    assert done.returncode == 0, done.stdout
    parent = f"parent={item['parent']}"
    done = engine.run(
        *("import", item["type"], "dev-support-operator-policy", item["id"], "--stack", "dev.support"),
        *("--parent", parent, "--yes", "--skip-preview", "--protect=false", "--generate-code=false"),
    )
    assert done.returncode == 0, done.stdout
    expect_unchanged(engine, "dev.support")


def test_a_policy_pack_stops_what_it_forbids(engine: Engine) -> None:
    program = "stacks/__main__.py"
    group = '\nimport pulumi_aws\npulumi_aws.cloudwatch.LogGroup("open", name="/open", retention_in_days=1)\n'
    text = (engine.project / program).read_text()
    with engine.edited(program, text, text + group):
        refused = engine.update("up", "dev", "--policy-pack", str(engine.project / "policies"))
    assert refused.code != 0
    assert "log-retention" in refused.said
    assert "/open" not in inventory(engine)["log groups"]


def test_a_wrong_passphrase_is_named(engine: Engine) -> None:
    refused = engine.update("up", "dev", PULUMI_CONFIG_PASSPHRASE="wrong")
    assert refused.code != 0
    assert "passphrase" in refused.said
    assert refused.steps == ()


def test_another_region_is_refused(engine: Engine) -> None:
    refused = engine.update("up", "dev", "--config", "aws:region=eu-west-1")
    assert engine.run("config", "rm", "aws:region", "--stack", "dev").returncode == 0  # the CLI has kept it
    assert refused.code != 0
    assert "platform.yaml says us-east-1" in refused.said
    assert refused.steps == ()


def test_missing_config_is_named(engine: Engine) -> None:
    settings = engine.project / ".corral" / "pulumi" / "Pulumi.yaml"
    original = settings.read_text()
    content = json.loads(original)
    for key in ("aws:region", "aws-native:region"):
        del content["config"][key]
    settings.write_text(json.dumps(content))
    try:
        refused = engine.update("up", "dev", AWS_REGION="")
    finally:
        settings.write_text(original)
    assert refused.code != 0
    assert "region" in refused.said
    assert refused.steps == ()


@pytest.mark.control("protected-state")
def test_a_platform_with_teams_is_not_destroyed(engine: Engine) -> None:
    held = inventory(engine)
    refused = engine.update("destroy", "dev")
    assert refused.code != 0
    assert "DeleteConflict" in refused.said
    assert inventory(engine) == held
    expect_unchanged(engine, "dev")


@pytest.mark.control("clean-destroy")
def test_destroy_leaves_what_is_meant_to_stay(engine: Engine, before: dict[str, list[str]]) -> None:
    for stack in ("dev.support", "dev.sales", "dev"):
        gone = engine.update("destroy", stack)
        assert gone.code == 0, gone.said
        assert set(gone.counts()) == {"delete"}
    assert inventory(engine) == before
