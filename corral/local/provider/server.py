"""Serves the provider on the loopback interface, for a Pulumi engine to attach to."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import grpc  # type: ignore[import-untyped]
from pulumi.runtime.proto import provider_pb2_grpc

from corral.local.engine.calls import Calls
from corral.local.provider.service import Provider

_LARGEST_MESSAGE = 400 * 1024 * 1024  # what Pulumi's own plugins take


@contextmanager
def serving(calls: Calls) -> Iterator[int]:
    """Serve one local AWS for the length of a `with`, whose target is the port; a call under way may end.

    The engine finds it by PULUMI_DEBUG_PROVIDERS, as `aws:<port>`.
    """
    server = grpc.server(
        ThreadPoolExecutor(max_workers=1),  # one call at a time
        options=[("grpc.max_receive_message_length", _LARGEST_MESSAGE)],
    )
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Provider(calls), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield port
    finally:
        server.stop(grace=1).wait()
