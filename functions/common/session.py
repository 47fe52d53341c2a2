"""Who is talking, and in which conversation.

A session id that AgentCore sees is `<nonce>-<seal>`, the seal being a hash of caller, agent and nonce. It can
be used by the caller it was made for and by nobody else: with another caller the seal does not fit, and the
id is taken for just a name that this caller gave a new conversation of theirs.

A share of an agent's sessions may be its canary's. Their ids end with a mark that the seal covers, so that a session
stays where it began, and so that the supervisor, which is told the id and nothing else, can take its word.
"""

import hashlib
import re
import uuid

_MARK = "-canary"
_SEALED = re.compile(rf"[0-9a-f]{{32}}-[0-9a-f]{{32}}({_MARK})?")


def runtime_session_id(caller_arn: str, agent: str, given: str | None, share: int = 0) -> str:
    """Return the session id to run under: new, or the given one if it is this caller's, or made from it.

    `share`: how many of 100 new sessions are the canary's.
    """
    if given and _SEALED.fullmatch(given) and began(given, caller_arn, agent):
        return given
    nonce = _hash(given) if given else uuid.uuid4().hex
    return _sealed(caller_arn, agent, nonce, tried=_place(caller_arn, agent, nonce) < share)


def is_tried(session_id: str) -> bool:
    """Whether a session is the canary's. Only of ids that `runtime_session_id` has made."""
    return session_id.endswith(_MARK)


def began(session_id: str, caller_arn: str, agent: str) -> bool:
    """Whether a session was begun by this caller with this agent: its seal says so, and nobody else's fits."""
    nonce = session_id.partition("-")[0]
    return session_id == _sealed(caller_arn, agent, nonce, tried=is_tried(session_id))


def actor_id(caller_arn: str) -> str:
    """Return the caller's name in an agent's memory, in the characters AgentCore takes.

    The hash keeps apart callers whose names differ only in characters that are replaced.
    """
    readable = re.sub(r"[^A-Za-z0-9/_-]+", "-", caller_arn)[:200]
    return f"{readable}-{_hash(caller_arn)}"


def _sealed(caller_arn: str, agent: str, nonce: str, *, tried: bool) -> str:
    mark = _MARK if tried else ""
    return f"{nonce}-{_hash(caller_arn, agent, nonce, *filter(None, [mark]))}{mark}"


def _place(*parts: str) -> float:
    """Where a session stands between 0 and 100, evenly, and by a hash that is used for nothing else."""
    return int(_hash(_MARK, *parts), 16) / 16**32 * 100


def _hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]
