"""corral audit: what an auditor asks of a deployed platform. Each command is a module of its own."""

import typer

from corral.cli import audit_access, audit_query, audit_report, audit_verify

app = typer.Typer(
    help="What happened, who may do what, and the evidence.", no_args_is_help=True, rich_markup_mode=None
)
app.command("query")(audit_query.command)
app.command("verify")(audit_verify.command)
app.command("access")(audit_access.command)
app.command("report")(audit_report.command)
