"""The offline engine: evaluates the project's Pulumi program and really creates its resources at an endpoint.

It uses Pulumi's own mock interface, so no Pulumi CLI, no backend and no account is needed. `run_stacks` is
the way in; importing this package does not import pulumi, which happens in a process of its own.
"""

from corral.local.engine.api import Host, run_stacks
from corral.local.engine.model import Credentials, Event, Failure, Resource, Skipped, StackResult

__all__ = [
    "Credentials",
    "Event",
    "Failure",
    "Host",
    "Resource",
    "Skipped",
    "StackResult",
    "run_stacks",
]
