"""corral new: agents, teams, tools and domains from a few answers."""

import typer

from corral.cli import new_agent, new_domain, new_team, new_tool

app = typer.Typer(
    no_args_is_help=True, help="Write a new agent, team, tool or data domain.", rich_markup_mode=None
)
app.command("agent")(new_agent.command)
app.command("team")(new_team.command)
app.command("tool")(new_tool.command)
app.command("domain")(new_domain.command)
