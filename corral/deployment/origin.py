"""Which line of the spec a resource comes from, told by its logical name, which starts with its owner's."""

from pathlib import Path

from corral.spec.load import Environment
from corral.spec.source import read_yaml, shown_path


class Origins:
    """The places of one environment's agents, tools and domains, by stack: two stacks may use one name."""

    def __init__(self, environment: Environment) -> None:
        name, root, folder = environment.platform.environment, environment.root, environment.folder
        platform = {name: _whole(folder / "platform.yaml", root)}
        for tool, entry in environment.tools.items():
            place = _whole(entry.folder / "tool.yaml", root)
            platform |= {f"{name}-{part}-{tool}": place for part in ("tool", "target", "registry")}
        for domain in environment.domains:
            place = _whole(folder / "domains" / f"{domain}.yaml", root)
            platform |= {f"{name}-domains-{part}{domain}": place for part in ("", "warehouse_tables/")}
        self._places = {name: platform}
        for team, spec in environment.teams.items():
            path = folder / "teams" / f"{team}.yaml"
            source = read_yaml(path, root)
            self._places[f"{name}.{team}"] = {f"{name}-{team}": _whole(path, root)} | {
                f"{name}-{team}-{agent.key}": f"{shown_path(path, root)}:{source.position(('agents', index))[0]}"
                for index, agent in enumerate(spec.agents)
            }

    def place(self, stack: str, resource: str = "") -> str:
        """Return `file:line` for a stack's resource by its logical name, or else for the whole stack.

        The empty string for a stack that no file of the environment describes.
        """
        places = self._places.get(stack, {})
        owners = (owner for owner in places if f"{resource}-".startswith((f"{owner}-", f"{owner}/")))
        nearest = max(owners, key=len, default=stack.replace(".", "-"))
        return places.get(nearest, "")


def _whole(path: Path, root: Path) -> str:
    return f"{shown_path(path, root)}:1"
