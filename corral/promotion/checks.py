"""What a gate asks of an agent's files: who is on call, its data, its pages, and its scenarios on a local AWS."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from corral.local.rehearse import Watcher, play_agents
from corral.promotion.looked import Looked
from corral.promotion.readiness import readiness
from corral.site.folder import FolderError, compare
from corral.site.gather import gather
from corral.site.pages import NoTemplatesError, pages
from corral.spec.gates import PAST_PILOT
from corral.spec.load import Environment
from corral.spec.resolved import ResolvedAgent
from corral.spec.source import shown_path


def from_files(environment: Environment, agent: ResolvedAgent, stage: str, docs: Path) -> Iterator[Looked]:
    """Look at who is on call, at the agent's pages in a folder and, past pilot, at the data it reads."""
    on_call = agent.owner.on_call
    yield Looked("on-call owner", on_call or "nobody", "an address in its team's file", on_call is not None)
    yield _documentation(environment, agent, docs)
    if stage in PAST_PILOT:
        for name in agent.domains:
            yield from readiness(environment.domains[name], environment.folder, datetime.now(UTC).date())


def scenarios(root: Path, environment: Environment, agent: ResolvedAgent, progress: Watcher) -> Looked:
    """Play all of its scenarios on a local AWS of their own. Raises LocalAwsError when that cannot be done."""
    limit = "all as expected"
    if not agent.scenarios:
        return Looked("scenarios", "it has none", limit, False)
    played = play_agents(root, environment, [agent], progress)
    failed = [journey.scenario.name for journey in played if journey.outcome != "as expected"]
    said = f"{len(played) - len(failed)} of {len(played)} as expected"
    return Looked(
        "scenarios",
        said + (f", not {', '.join(failed)}" if failed else ""),
        limit,
        bool(played) and not failed,
    )


def _documentation(environment: Environment, agent: ResolvedAgent, docs: Path) -> Looked:
    """Compare its pages with what the files say now."""
    shown = shown_path(docs, environment.root)
    limit = f"as corral docs {environment.platform.environment} --out {shown} makes them"
    try:
        site = gather(environment)
        [page] = [
            each for each in site.agents if (each.spec.team, each.spec.name) == (agent.team, agent.name)
        ]
        own = {path: content for path, content in pages(site) if path in (page.path, page.runbook)}
        found = compare(own, docs)
    except (FolderError, NoTemplatesError) as error:
        return Looked("documentation", f"not known: {error}", limit, False)
    wrong = [*(f"{path} is missing" for path in found.missing), *(f"{path} is stale" for path in found.stale)]
    return Looked("documentation", ", ".join(wrong) or "up to date", limit, not wrong)
