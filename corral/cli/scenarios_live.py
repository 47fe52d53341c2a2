"""corral scenarios --live: what it is about to do for real, a question, and the playing."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from corral.cli.progress import Progress
from corral.cli.project import agreed, complaints, console, say_no
from corral.deployment.outputs import OutputsError, stack_outputs
from corral.deployment.pulumi_cli import PulumiCli, PulumiMissingError
from corral.scenarios import live
from corral.scenarios.journey import Journey

if TYPE_CHECKING:
    from corral.spec.load import Environment
    from corral.spec.resolved import ResolvedAgent


def play_live(
    root: Path, environment: "Environment", agents: "Sequence[ResolvedAgent]", *, yes: bool, as_json: bool
) -> list[Journey]:
    """Ask, and play. Ends with 1 when there is nothing to send or the account says no, with 2 without an answer."""
    platform = environment.platform
    messages = sum(not live.needs_script(scenario) for agent in agents for scenario in agent.scenarios)
    if not messages:
        say_no("none of these scenarios can be played with a real model: nothing was sent")
    folder = Path(os.environ.get("PULUMI_OPTION_CWD", root))
    try:
        cli = PulumiCli()
        teams = dict.fromkeys(agent.team for agent in agents)
        outputs = {team: stack_outputs(cli, folder, f"{platform.environment}.{team}") for team in teams}
        _check_deployed(agents, outputs)
        _ask(environment, agents, messages, yes, as_json)
        keys = live.operators(platform.account, platform.region, outputs)
    except (PulumiMissingError, OutputsError, live.LiveError) as error:
        say_no(str(error))
    with Progress(console, silent=as_json, first="sending messages") as progress:
        progress.plan(sum(len(agent.scenarios) for agent in agents))
        return [progress.journey(one) for one in live.play_live(agents, outputs, keys, platform.region)]


def _check_deployed(agents: "Sequence[ResolvedAgent]", outputs: Mapping[str, Mapping[str, Any]]) -> None:
    for agent in agents:
        if agent.name not in outputs[agent.team].get("agents", {}):
            stack = f"{agent.environment}.{agent.team}"
            say_no(
                f"{agent.team}/{agent.name} is not in the stack {stack}: corral up {agent.environment} first"
            )


def _ask(
    environment: "Environment", agents: "Sequence[ResolvedAgent]", messages: int, yes: bool, silent: bool
) -> None:
    writing = sorted(
        {name for agent in agents for name in agent.tools if environment.tools[name].spec.access == "write"}
    )
    platform = environment.platform
    what = (
        f"Send {messages} message{'s' * (messages != 1)} to {len(agents)} agent{'s' * (len(agents) != 1)} "
        f"on account {platform.account} in {platform.region}. They are real: the model is paid for"
        + (
            f", and what {', '.join(writing)} write{'s' * (len(writing) == 1)} stays written"
            if writing
            else ""
        )
    )
    if yes:
        if not silent:
            complaints.print(f"{what}.", highlight=False)
    elif not agreed(f"{what}. Go on?", err=silent):  # standard output holds the document alone
        raise typer.Exit(1)
