"""A rehearsal: an environment, or some of its teams, stood up on a local AWS of its own to play scenarios there."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Protocol

from corral.local.deploy import deploy
from corral.local.engine import Event, Host, StackResult
from corral.local.journey import Journey, play, with_faults
from corral.local.session import STATE_FOLDER, LocalAwsError, Session
from corral.spec.load import Environment
from corral.spec.resolve import ResolvedAgent

Stage = tuple[Session, dict[str, StackResult]]


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
        log = root / STATE_FOLDER / f"{platform.environment}.log"
        session = stack.enter_context(Session.start(platform.account, platform.region, log, port))
        results = deploy(host, session, root, environment, teams, tell)
        if not all(result.ok for result in results.values()):
            raise NotDeployedError(results)
        host.close()  # it holds much memory, and is done
        yield session, results


def team_outputs(results: dict[str, StackResult]) -> dict[str, dict[str, object]]:
    """The outputs of each team's stack by the team's name; the platform's by the empty one."""
    return {stack.partition(".")[2]: result.outputs for stack, result in results.items()}


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
        return with_faults(session, environment.platform.environment, played)
