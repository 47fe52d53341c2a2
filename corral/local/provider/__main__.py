"""`python -m corral.local.provider`: serve the provider for one local AWS until it is told to stop.

Reads AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. Prints its port, which goes into PULUMI_DEBUG_PROVIDERS
as `aws:<port>`, then nothing more.
"""

import argparse
import os
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import grpc  # type: ignore[import-untyped]
from pulumi.runtime.proto import provider_pb2_grpc

from corral.local.engine.calls import Calls
from corral.local.engine.model import Credentials
from corral.local.provider.service import Provider

_LARGEST_MESSAGE = 400 * 1024 * 1024  # what Pulumi's own plugins take


def serve(calls: Calls, port: int = 0) -> tuple[grpc.Server, int]:
    """Start serving on the loopback interface; returns the server and its port."""
    server = grpc.server(
        ThreadPoolExecutor(max_workers=1),  # one call at a time
        options=[("grpc.max_receive_message_length", _LARGEST_MESSAGE)],
    )
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Provider(calls), server)
    taken = server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    return server, taken


def main() -> int:
    """Serve until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="python -m corral.local.provider", description=__doc__)
    parser.add_argument("--endpoint", required=True, help="of the local AWS")
    parser.add_argument("--account", required=True)
    parser.add_argument("--region", required=True)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    options = parser.parse_args()
    credentials = Credentials(os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"])
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    server, port = serve(Calls(options.endpoint, credentials, options.region, options.account), options.port)
    print(port, flush=True)
    stop.wait()
    server.stop(grace=1).wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
