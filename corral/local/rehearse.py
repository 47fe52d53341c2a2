"""A rehearsal: an environment, or some of its teams, stood up on a local AWS of its own to play scenarios there."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Protocol

from corral.local import pulumi_project
from corral.local.deploy import deploy
from corral.local.engine import Event, Host, StackResult
from corral.local.journey import explained, play, scripts
from corral.local.session import STATE_FOLDER, LocalAwsError, Session, find, served_since
from corral.scenarios.journey import Journey
from corral.spec.load import Environment
from corral.spec.resolved import ResolvedAgent
from corral.spec.source import shown_path

Stage = tuple[Session, dict[str, StackResult]]
_MADE_OF = (
    "templates",
    "functions",
    "components",
)  # what a deployment comes from, beside the environment's folder


class NotDeployedError(LocalAwsError):
    """A stack was not deployed; `results` has each stack's errors, the text all of them."""

    def __init__(self, results: dict[str, StackResult]) -> None:
        super().__init__("\n".join(f"{name}: {error}" for name in results for error in results[name].errors))
        self.results = results


class Watcher(Protocol):
    """Who follows a rehearsal, such as the command line's Progress."""

    def event(self, event: Event) -> None:
        """Something happened in a stack."""

    def journey(self, played: Journey) -> Journey:
        """A journey was played; passes it on."""


@contextmanager
def stage(
    root: Path, environment: Environment, teams: list[str], tell: Callable[[Event], None], port: int = 0
) -> Iterator[Stage]:
    """Yield a new local AWS with the platform and these teams on it, and what became of each stack.

    The local AWS ends with the context. Raises LocalAwsError when it does not start, NotDeployedError.
    """
    platform = environment.platform
    with ExitStack() as stack:
        host = stack.enter_context(Host())  # its imports take a while: it starts first
        # Beside the log of one that is served.
        served = find(root, platform.environment) is not None
        log = root / STATE_FOLDER / f"{platform.environment}{'-rehearsal' if served else ''}.log"
        session = stack.enter_context(
            Session.start(platform.account, platform.region, log, port, platform.organization)
        )
        results = deploy(host, session, root, environment, teams, tell)
        if not all(result.ok for result in results.values()):
            raise NotDeployedError(results)
        host.close()  # it holds much memory, and is done
        yield session, results


def team_outputs(results: dict[str, StackResult]) -> dict[str, dict[str, Any]]:
    """The outputs of each team's stack by the team's name; the platform's by the empty one."""
    return {stack.partition(".")[2]: result.outputs for stack, result in results.items()}


def on_served(
    root: Path, environment: Environment, agents: Sequence[ResolvedAgent]
) -> tuple[Session, dict[str, dict[str, Any]]] | str:
    """The served local AWS with these agents' scripts on it, and its teams' outputs.

    Or why it is not to be used, which is an empty text when none is up. Raises LocalAwsError.
    """
    name = environment.platform.environment
    deployed = find(root, name)
    if deployed is None:
        return ""
    outputs = deployed.outputs
    if outputs:
        newer = _newer(root, environment, served_since(root, name))
        if newer is not None:
            return f"{shown_path(newer, root)} is newer than the local AWS that is served"
    else:  # served empty, it has what came through Pulumi's own engine
        outputs = {
            team: pulumi_project.outputs(root, f"{name}.{team}")
            for team in dict.fromkeys(agent.team for agent in agents)
        }
    for agent in agents:
        if agent.name not in outputs.get(agent.team, {}).get("agents", {}):
            return f"{agent.team}/{agent.name} is not on the local AWS that is served"
    session = Session(deployed.at)
    # All their scenarios, of whichever of them are played now: others talk to these agents too.
    whole = [environment.agents[agent.team][agent.name] for agent in agents]
    session.put_scripts(scripts(whole, outputs))
    return session, outputs


def _newer(root: Path, environment: Environment, since: float) -> Path | None:
    """A file of the project that was changed since then, if there is one."""
    folders = [environment.folder, *(root / name for name in _MADE_OF)]
    files = (path for folder in folders for path in folder.rglob("*") if "__pycache__" not in path.parts)
    return next((path for path in files if path.is_file() and path.stat().st_mtime > since), None)


def play_agents(
    root: Path, environment: Environment, agents: Sequence[ResolvedAgent], progress: Watcher
) -> list[Journey]:
    """Stand these agents' teams up on a local AWS of their own and play every scenario of these agents.

    `root` is the project whose files are deployed, `environment` what was loaded from them. Raises
    LocalAwsError when the local AWS does not start or a stack cannot be deployed.
    """
    teams = [team for team in environment.teams if team in {agent.team for agent in agents}]
    with stage(root, environment, teams, progress.event) as (session, results):
        played = [progress.journey(one) for one in play(session, agents, team_outputs(results))]
        return explained(session, environment.platform.environment, played)
