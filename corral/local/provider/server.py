"""Serves the provider on the loopback interface, for a Pulumi engine to attach to."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import grpc  # type: ignore[import-untyped]
from pulumi.runtime.proto import provider_pb2_grpc

from corral.local.engine.calls import Calls
from corral.local.provider.service import Provider

_LARGEST_MESSAGE = 400 * 1024 * 1024  # what Pulumi's own plugins take


def serve(calls: Calls, port: int = 0) -> tuple[grpc.Server, int]:
    """Start serving for one local AWS; returns the server, to be stopped by the caller, and its port.

    The engine finds it by PULUMI_DEBUG_PROVIDERS, as `aws:<port>`. Port 0 takes a free one.
    """
    server = grpc.server(
        ThreadPoolExecutor(max_workers=1),  # one call at a time
        options=[("grpc.max_receive_message_length", _LARGEST_MESSAGE)],
    )
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Provider(calls), server)
    taken = server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    return server, taken


@contextmanager
def serving(calls: Calls) -> Iterator[int]:
    """Serve for the length of a `with`, whose target is the port; a call under way may end."""
    server, port = serve(calls)
    try:
        yield port
    finally:
        server.stop(grace=1).wait()
