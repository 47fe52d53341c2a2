"""How the server speaks HTTP: moto's request handler, silent unless something fails."""

from __future__ import annotations

from typing import Any

from moto.moto_server.werkzeug_app import MotoRequestHandler


class Handler(MotoRequestHandler):
    """One connection. Requests are not logged."""

    def log_request(self, *_: Any) -> None:
        """Log nothing: the trail holds what was called."""
