"""The command line: `corral`. Each command is a module of its own; this one only gathers them."""

import typer

from corral.cli import (
    approvals,
    audit,
    bootstrap,
    canary,
    cost,
    dashboard,
    destroy,
    docs,
    drift,
    invoke,
    new,
    override,
    promote,
    render,
    retire,
    rollback,
    scenarios,
    up,
    upgrade,
    validate,
)

app = typer.Typer(
    help="A governed agent platform on Amazon Bedrock AgentCore.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("validate")(validate.command)
app.command("render")(render.command)
app.command("up")(up.command)
app.command("invoke")(invoke.command)
app.command("scenarios")(scenarios.command)
app.command("destroy")(destroy.command)
app.command("docs")(docs.command)
app.add_typer(new.app, name="new")
app.add_typer(approvals.app, name="approvals")
app.add_typer(audit.app, name="audit")
app.add_typer(drift.app, name="drift")
app.command("cost")(cost.command)
app.command("dashboard")(dashboard.command)
app.add_typer(canary.app, name="canary")
app.command("upgrade")(upgrade.command)
app.command("retire")(retire.command)
app.command("suspend")(override.suspend)
app.command("read-only")(override.read_only)
app.command("resume")(override.resume)
app.command("overrides")(override.overrides)
app.command("promote")(promote.command)
app.command("rollback")(rollback.command)
app.command("bootstrap")(bootstrap.command)


def run() -> None:
    """The entry point of the `corral` script."""
    app()
