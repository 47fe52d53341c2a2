"""One deployment to the local AWS: the platform's stack, then the teams', then the scripted model's scenarios.

And what no stack can do: the registry's records of retired agents are marked deprecated.
"""

from collections.abc import Callable
from pathlib import Path

from corral.deprecation import SERVICE, deprecate
from corral.local.engine import Credentials, Event, Host, StackResult, run_stacks
from corral.local.engine.model import Failure
from corral.local.journey import scripts
from corral.local.session import Session
from corral.spec.load import Environment


def deploy(
    host: Host,
    session: Session,
    root: Path,
    environment: Environment,
    teams: list[str],
    on_event: Callable[[Event], None],
) -> dict[str, StackResult]:
    """Evaluate the program for `<environment>` and each `<environment>.<team>`. Errors are in the results."""
    name = environment.platform.environment
    at = session.at
    results = run_stacks(
        environment_name=name,
        project_root=root,
        stacks=[name, *(f"{name}.{team}" for team in teams)],
        endpoint=at.endpoint,
        credentials=Credentials(at.access_key_id, at.secret_access_key),
        region=at.region,
        account=at.account,
        on_event=on_event,
        host=host,
    )
    if all(result.ok for result in results.values()):
        if environment.has_registry:
            _deprecate(session, environment, teams, results)
        agents = [agent for team in teams for agent in environment.agents[team].values()]
        session.put_scripts(scripts(agents, {team: results[f"{name}.{team}"].outputs for team in teams}))
    return results


def _deprecate(
    session: Session, environment: Environment, teams: list[str], results: dict[str, StackResult]
) -> None:
    for team in teams:
        spec = environment.teams[team]
        if spec.retired:
            result = results[f"{environment.platform.environment}.{team}"]
            done = deprecate(session.client(SERVICE), spec, result.outputs.get("retired") or {})
            result.deprecated = done.marked
            result.errors += [Failure("", "", "", "", problem) for problem in done.problems]
