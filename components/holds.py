"""Which versions people hold things at: what they rolled back stays so, whatever is deployed meanwhile.

Decision 0015 says why it is kept in a table, and how deployments come to know of it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi import ComponentResource, Input, Output, ResourceOptions

from components.site import Shared, Site
from components.table import Table, TableArgs

_READ = "aws:dynamodb/getTableItem:getTableItem"
_ITEM = "held"
_KNOWN = ("version", "arn", "by", "at", "reason")  # of a hold
_CANARY = "canary:"  # begins the entries that say what came of an agent's canary, with the version `refused`
# How the provider says that there is no such item or, before the platform is deployed, no such table.
_NOTHING = ("couldn't find resource", "empty result", "ResourceNotFoundException")


@dataclass(frozen=True)
class Held:
    """What is held at this moment, by target: version, of which ARN, since when, by whom and why.

    `by_agent`: what came of each agent's last canary, likewise; `version` is what all sessions were given then, and
    `refused` what was tried if it has gone back, else "".
    """

    environment: str
    by_target: Mapping[str, Mapping[str, str]]
    by_agent: Mapping[str, Mapping[str, str]]

    @classmethod
    def read(cls, site: Site) -> "Held":
        """Read the table, before anything is registered. Raises pulumi.RunError when it cannot be read."""
        asked = {"tableName": table_name(site), "key": json.dumps({"of": {"S": _ITEM}})}
        try:
            item = json.loads(pulumi.runtime.invoke(_READ, asked).value["item"])
            holds = {target: entry["M"] for target, entry in item.items() if "M" in entry}
            tried = {target: holds.pop(target) for target in [*holds] if target.startswith(_CANARY)}
            found = {target: {name: hold[name]["S"] for name in _KNOWN} for target, hold in holds.items()}
            of_agents = {
                target.removeprefix(_CANARY): {name: each[name]["S"] for name in (*_KNOWN, "refused")}
                for target, each in tried.items()
            }
        except Exception as error:  # what the SDK raises for a function that failed has no class of its own
            if any(said in str(error) for said in _NOTHING):
                return cls(site.environment, {}, {})
            raise pulumi.RunError(f"what is held at earlier versions cannot be read: {error!r}") from None
        return cls(site.environment, found, of_agents)

    def tried(self, agent: str) -> Mapping[str, str] | None:
        """What came of an agent's last canary, None as long as none was decided."""
        return self.by_agent.get(agent)

    def version(self, target: str, arn: Input[str], newest: Input[str], *, say: bool = True) -> Output[str]:
        """Return the version that callers of a target get: the one it is held at, else the newest.

        Who deploys is warned of a hold, unless told not to `say` it.
        """
        hold = self.by_target.get(target)
        if hold is None:
            return Output.from_input(newest)

        def pick(whose: str) -> Input[str]:
            if hold["arn"] != whose:  # of another thing, that was there before under its name
                return newest
            if not say:
                return hold["version"]
            pulumi.log.warn(
                f"{target} is held at version {hold['version']} since {hold['at'][:16]} UTC by "
                f"{hold['by'].partition(':assumed-role/')[2] or hold['by']}: {hold['reason']} What is deployed now is "
                f"not served until that is lifted: corral rollback {self.environment} {target} --lift"
            )
            return hold["version"]

        return Output.from_input(arn).apply(pick)


class Holds(ComponentResource):
    """The table of versions, of which no stack writes an item."""

    def __init__(self, name: str, shared: Shared, opts: ResourceOptions | None = None) -> None:
        super().__init__("corral:index:Holds", name, None, opts)
        self.table = Table(
            name, TableArgs(shared, table_name(shared.site), "of"), ResourceOptions(parent=self)
        )
        self.register_outputs({"table": self.table.name})


def table_name(site: Site) -> str:
    """Return the name of an environment's table of versions."""
    return site.name("versions")
