"""The access matrix: who reaches what as it is deployed, against what the specification grants."""

from dataclasses import dataclass
from typing import Any, Literal

from corral.audit.access_account import QUERY_RESULTS, Client, Deployed, read_account
from corral.audit.access_cedar import cedar_paths
from corral.audit.access_granted import granted
from corral.audit.access_iam import Evaluator, Judge, Path, Paths, iam_paths
from corral.spec.load import Environment

Standing = Literal["granted", "extra", "missing"]


@dataclass(frozen=True)
class Row:
    """One path: `granted` by the specification and there, `extra`: there only, `missing`: granted only."""

    principal: str
    action: str
    resource: str
    standing: Standing
    opened_by: str | None  # the policy that opens it


@dataclass(frozen=True)
class Matrix:
    """All paths, in order of principals."""

    environment: str
    account: str
    rows: tuple[Row, ...]

    def of(self, standing: Standing) -> list[Row]:
        """The paths of one standing."""
        return [row for row in self.rows if row.standing == standing]

    def document(self) -> dict[str, Any]:
        """As JSON has it."""
        counts = {standing: len(self.of(standing)) for standing in ("granted", "extra", "missing")}
        return {
            "environment": self.environment,
            "account": self.account,
            "counts": counts,
            "paths": [vars(row) for row in self.rows],
        }


def access_matrix(environment: Environment, client: Client, judge: Judge | None = None) -> Matrix:
    """Compute the matrix from the account. Raises ClientError and CedarError (see the parts)."""
    deployed = read_account(client, environment.platform.environment)
    found = deployed_paths(environment, deployed, judge or Evaluator(deployed.account))
    wanted = granted(environment)
    # Where nobody has written a report or run a query yet, there is no such prefix to ask for.
    existing = {resource.name for resource in deployed.resources}
    wanted = {path for path in wanted if not _comes_with_use(path.resource) or path.resource in existing}
    rows = [_row(path, "granted" if path in wanted else "extra", how) for path, how in found.items()]
    rows += [_row(path, "missing", None) for path in wanted - set(found)]
    order = sorted(rows, key=lambda row: (row.principal, row.resource, row.action))
    return Matrix(deployed.environment, deployed.account, tuple(order))


def _comes_with_use(resource: str) -> bool:
    return resource == QUERY_RESULTS or resource.startswith("reports ")


def deployed_paths(environment: Environment, deployed: Deployed, judge: Judge) -> Paths:
    """Every path there is. What is asked for comes from both sides, what is answered from the account alone."""
    found = iam_paths(deployed, judge)
    callers = {
        role.name: role for role in deployed.roles if Path(f"role {role.name}", "call", "gateway") in found
    }
    tools = {name: entry.spec for name, entry in environment.tools.items()}
    domains = {r.name.removeprefix("domain ") for r in deployed.resources if r.name.startswith("domain ")}
    names = {
        "domain": tuple(sorted({*domains, *environment.domains})),
        "team": tuple(sorted(environment.teams)),
    }
    for gateway in deployed.gateways:
        if gateway.authorizer == "NONE":
            found[Path("anybody", "call", "gateway")] = "the gateway has no authorizer"
        found |= cedar_paths(gateway, callers, tools, names)
    return found


def _row(path: Path, standing: Standing, opened_by: str | None) -> Row:
    return Row(path.principal, path.action, path.resource, standing, opened_by)
