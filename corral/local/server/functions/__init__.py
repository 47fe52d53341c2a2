"""Lambda: runs Python functions in warm worker processes of their own, with AWS's limits and error shapes.

`Functions` is what the rest of the server uses; `invoke` and `urls` are the two HTTP ways in.
"""

from corral.local.server.functions.executor import Execution, Functions, ThrottlingError

__all__ = ["Execution", "Functions", "ThrottlingError"]
