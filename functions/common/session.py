"""Who is talking, and in which conversation.

A session id that AgentCore sees is `<nonce>-<seal>`, the seal being a hash of caller, agent and nonce. It can
be used by the caller it was made for and by nobody else: with another caller the seal does not fit, and the
id is taken for just a name that this caller gave a new conversation of theirs.
"""

import hashlib
import re
import uuid

_SEALED = re.compile(r"[0-9a-f]{32}-[0-9a-f]{32}")


def runtime_session_id(caller_arn: str, agent: str, given: str | None) -> str:
    """Return the session id to run under: new, or the given one if it is this caller's, or made from it."""
    if given and _SEALED.fullmatch(given) and given == _sealed(caller_arn, agent, given.partition("-")[0]):
        return given
    nonce = _hash(given) if given else uuid.uuid4().hex
    return _sealed(caller_arn, agent, nonce)


def began(session_id: str, caller_arn: str, agent: str) -> bool:
    """Whether a session was begun by this caller with this agent: its seal says so, and nobody else's fits."""
    return session_id == _sealed(caller_arn, agent, session_id.partition("-")[0])


def actor_id(caller_arn: str) -> str:
    """Return the caller's name in an agent's memory, in the characters AgentCore takes.

    The hash keeps apart callers whose names differ only in characters that are replaced.
    """
    readable = re.sub(r"[^A-Za-z0-9/_-]+", "-", caller_arn)[:200]
    return f"{readable}-{_hash(caller_arn)}"


def _sealed(caller_arn: str, agent: str, nonce: str) -> str:
    return f"{nonce}-{_hash(caller_arn, agent, nonce)}"


def _hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]
