"""All that is known of a deployed platform when an audit looks at it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from corral.audit.access import Matrix
from corral.audit.verify import Verification
from corral.spec.load import Environment


@dataclass(frozen=True)
class DeployedResource:
    """A resource as the deployment has it: `inputs` with the names of Pulumi's state, secrets masked."""

    stack: str
    type: str
    name: str
    inputs: Mapping[str, Any]


Asked = Literal["resources", "matrix", "verification"]


@dataclass(frozen=True)
class Facts:
    """`outputs` are those of each stack by its name: dev, dev.support.

    What could not be asked is None, of the resources there are none then; `not_asked` says why.
    """

    environment: Environment
    outputs: Mapping[str, Mapping[str, Any]]
    resources: tuple[DeployedResource, ...]
    matrix: Matrix | None
    verification: Verification | None
    not_asked: Mapping[Asked, str] = field(default_factory=dict)
