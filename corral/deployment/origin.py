"""Which line of the spec a resource comes from, told by its logical name, which starts with its owner's."""

from pathlib import Path

from corral.spec.load import Environment
from corral.spec.source import read_yaml, shown_path


class Origins:
    """The places of one environment's agents, tools, domains and teams."""

    def __init__(self, environment: Environment) -> None:
        name, root, folder = environment.platform.environment, environment.root, environment.folder
        self._places = {name: _whole(folder / "platform.yaml", root)}
        for tool, entry in environment.tools.items():
            place = _whole(entry.folder / "tool.yaml", root)
            self._places |= {f"{name}-{part}-{tool}": place for part in ("tool", "target", "registry")}
        for domain in environment.domains:
            self._places[f"{name}-domains-{domain}"] = _whole(folder / "domains" / f"{domain}.yaml", root)
        for team, spec in environment.teams.items():
            path = folder / "teams" / f"{team}.yaml"
            self._places[f"{name}-{team}"] = _whole(path, root)
            source = read_yaml(path, root)
            for index, agent in enumerate(spec.agents):
                line = source.position(("agents", index))[0]
                self._places[f"{name}-{team}-{agent.name}"] = f"{shown_path(path, root)}:{line}"

    def place(self, name: str) -> str:
        """Return `file:line` for a resource's logical name, or the empty string."""
        parts = name.split("-")
        prefixes = ("-".join(parts[:length]) for length in range(len(parts), 0, -1))
        return next((self._places[prefix] for prefix in prefixes if prefix in self._places), "")


def _whole(path: Path, root: Path) -> str:
    return f"{shown_path(path, root)}:1"
