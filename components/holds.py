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
# How the provider says that there is no such item or, before the platform is deployed, no such table.
_NOTHING = ("couldn't find resource", "empty result", "ResourceNotFoundException")


@dataclass(frozen=True)
class Held:
    """What is held at this moment, by target: version, of which ARN, since when, by whom and why."""

    environment: str
    by_target: Mapping[str, Mapping[str, str]]

    @classmethod
    def read(cls, site: Site) -> "Held":
        """Read the table, before anything is registered. Raises pulumi.RunError when it cannot be read."""
        asked = {"tableName": table_name(site), "key": json.dumps({"of": {"S": _ITEM}})}
        try:
            item = json.loads(pulumi.runtime.invoke(_READ, asked).value["item"])
            holds = {target: entry["M"] for target, entry in item.items() if "M" in entry}
            found = {target: {name: hold[name]["S"] for name in _KNOWN} for target, hold in holds.items()}
        except Exception as error:  # what the SDK raises for a function that failed has no class of its own
            if any(said in str(error) for said in _NOTHING):
                return cls(site.environment, {})
            raise pulumi.RunError(f"what is held at earlier versions cannot be read: {error!r}") from None
        return cls(site.environment, found)

    def version(self, target: str, arn: Input[str], newest: Input[str]) -> Output[str]:
        """Return the version that callers of a target get: the one it is held at, else the newest."""
        hold = self.by_target.get(target)
        if hold is None:
            return Output.from_input(newest)

        def pick(whose: str) -> Input[str]:
            if hold["arn"] != whose:  # of another thing, that was there before under its name
                return newest
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
