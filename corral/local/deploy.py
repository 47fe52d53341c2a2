"""One deployment to the local AWS: the platform's stack, then the teams', then the scripted model's scenarios."""

from collections.abc import Callable
from pathlib import Path

from corral.local.engine import Credentials, Event, Host, StackResult, run_stacks
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
        agents = [agent for team in teams for agent in environment.agents[team].values()]
        session.put_scripts(scripts(agents, {team: results[f"{name}.{team}"].outputs for team in teams}))
    return results
