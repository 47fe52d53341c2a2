"""A rollback and the deployments after it, with the real engine: none undoes it, and each preview is clean."""

from typing import Any

import pytest

from corral.local.session import Endpoint, Session
from corral.override import Desk
from corral.rollback import Standing, roll_back, standing
from tests.engine.engine import Engine

SUPPORT = "stacks/dev/teams/support.yaml"
AGENT, TOOL = "support/helpdesk", "tool:ticket-create"
HANDLER = "functions/tools/ticket_create/handler.py"
MOVED = {
    "dev-support-helpdesk-live": "update",
    "dev-support-helpdesk-config": "update",
}  # both name the version


def desk(engine: Engine) -> Desk:
    """The desk, as an operator of the platform."""
    keys, outputs = engine.environment, engine.outputs("dev")
    at = Endpoint(
        engine.endpoint,
        keys["AWS_REGION"],
        outputs["account"],
        keys["AWS_ACCESS_KEY_ID"],
        keys["AWS_SECRET_ACCESS_KEY"],
    )
    operator = Session(at).credentials_for(outputs["operator_role_arn"], "lee")
    return Desk(outputs["override_url"], operator, keys["AWS_REGION"])


def served(engine: Engine) -> Any:
    harness = engine.outputs("dev.support")["agents"]["helpdesk"]["harness_id"]
    core = engine.client("bedrock-agentcore-control")
    return core.get_harness_endpoint(harnessId=harness, endpointName="live")["endpoint"]["liveVersion"]


def alias(engine: Engine) -> str:
    found = engine.client("lambda").get_alias(FunctionName="corral-dev-tool-ticket-create", Name="live")
    return str(found["FunctionVersion"])


def expect_clean(engine: Engine, stack: str) -> None:
    """Nothing to do, before what is there is read anew and after it."""
    for action in ("preview", "refresh", "preview"):
        done = engine.update(action, stack, "--expect-no-changes")
        assert done.code == 0, done.said
    assert engine.up(stack, "--expect-no-changes").steps == ()


@pytest.mark.control("rollback", "no-change-on-reapply")
def test_no_deployment_undoes_a_rollback(engine: Engine) -> None:
    engine.init("dev", "dev.support")
    engine.up("dev")
    engine.up("dev.support")
    first, first_alias = served(engine), alias(engine)
    code = (engine.project / HANDLER).read_text().splitlines()[0]
    with (
        engine.edited(SUPPORT, "tone: friendly", "tone: formal"),
        engine.edited(HANDLER, code, f"{code}\n# changed"),
    ):
        engine.up("dev")
        engine.up("dev.support")
        assert served(engine) != first
        assert alias(engine) != first_alias
        at = desk(engine)
        for target in (AGENT, TOOL):
            seen: Standing = standing(at, target)
            assert seen.previous is not None
            roll_back(at, seen, seen.previous, "rehearsal")
        assert (served(engine), alias(engine)) == (first, first_alias)
        # What people moved is all that differs from what the engine remembers, and it agrees with where it is now.
        assert engine.update("preview", "dev").touched() == {"dev-tool-ticket-create-live": "update"}
        assert engine.update("refresh", "dev").code == 0
        assert engine.up("dev.support").touched() == MOVED
        assert (served(engine), alias(engine)) == (first, first_alias)
        expect_clean(engine, "dev")
        expect_clean(engine, "dev.support")
    # Deployed while it is held: another version is made, and not served.
    changed = engine.up("dev.support")
    assert changed.touched() == {"dev-support-helpdesk-harness": "update"}
    assert "support/helpdesk is held at version" in changed.said
    assert "corral rollback dev support/helpdesk --lift" in changed.said
    assert engine.up("dev").touched() == {"dev-tool-ticket-create-function": "update"}
    assert (served(engine), alias(engine)) == (first, first_alias)
    for target in (AGENT, TOOL):
        seen = standing(at, target)
        assert int(seen.newest) > int(seen.serving)
        roll_back(at, seen, "newest", "mended")
    assert served(engine) == standing(at, AGENT).newest
    assert alias(engine) == standing(at, TOOL).newest
    assert engine.up("dev").touched() == {"dev-tool-ticket-create-live": "update"}
    assert engine.up("dev.support").touched() == MOVED
    expect_clean(engine, "dev")
    expect_clean(engine, "dev.support")
