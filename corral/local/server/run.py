"""Starts one local AWS in this process: account, administrator, application and its HTTP server.

moto reads its account from the environment when it is imported: import nothing of moto before `start`.
One account a process, for the same reason.
"""

from __future__ import annotations

import os
import socket
import threading
from dataclasses import dataclass, field
from typing import Any

HOST = "127.0.0.1"


class PortInUseError(Exception):
    """The port asked for is taken."""


@dataclass
class Running:
    """A local AWS that answers. `aws` is its core.LocalAws."""

    endpoint: str
    account: str
    region: str
    access_key_id: str
    secret_access_key: str
    aws: Any
    _server: Any
    _thread: threading.Thread = field(repr=False)

    def stop(self) -> None:
        """Stop answering, deliver what the trail holds, end the functions' workers."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self.aws.trail.close()
        self.aws.functions.close()


def start(account: str, region: str, port: int = 0, member_of: tuple[str, str] | None = None) -> Running:
    """Start a local AWS with a clean account; port 0 takes a free one. Raises PortInUseError.

    `member_of` is the id and the management account of an organization.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError:
        listener.close()
        raise PortInUseError(
            f"port {port} on {HOST} is in use; choose another, or 0 for a free one"
        ) from None
    listener.listen(socket.SOMAXCONN)
    endpoint = f"http://{HOST}:{listener.getsockname()[1]}"
    os.environ["MOTO_ACCOUNT_ID"] = account
    os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"

    from corral.local.server.assembly import assemble

    aws, app, (key_id, secret) = assemble(account, region, endpoint, member_of)

    from werkzeug.serving import make_server

    from corral.local.server.handler import Handler

    server = make_server(HOST, port, app, threaded=True, request_handler=Handler, fd=listener.fileno())
    listener.close()
    # The seconds after which it looks whether it should stop.
    thread = threading.Thread(target=server.serve_forever, args=(0.1,), name="local-aws", daemon=True)
    thread.start()
    return Running(endpoint, account, region, key_id, secret, aws, server, thread)
