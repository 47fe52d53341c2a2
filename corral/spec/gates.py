"""Stage gates: what an agent must have shown before it is deployed at a stage, and the promotions that say it has.

A promotion is decided through the platform, which measures, and keeps who decided; its file only repeats that, so that
`validate` can read it anywhere. The digest binds the file's words together, and a deployment compares it with the
platform's.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from corral.spec.document import Loaded
from corral.spec.model import Document, Model
from corral.spec.rights import STAGES, Stage
from corral.spec.team import Team

GatedStage = Literal["pilot", "integration", "multi-agent", "enterprise"]
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Limits = dict[str, Any]

# What a gate asks where platform.yaml says nothing; docs/promote.md shows it.
_DEFAULTS: dict[str, Limits] = {
    "pilot": {"days": 7, "tasks": 20, "error_rate": 0.10, "human_override_rate": 0.30},
    "integration": {"days": 14, "tasks": 100, "error_rate": 0.05, "human_override_rate": 0.20},
    "multi-agent": {"days": 14, "tasks": 200, "error_rate": 0.05, "human_override_rate": 0.10},
    "enterprise": {"days": 28, "tasks": 500, "error_rate": 0.02, "human_override_rate": 0.05},
}
_FOR_ALL: Limits = {"cost_per_task_usd": None, "accuracy_drift": 0.5}
PAST_PILOT: tuple[Stage, ...] = STAGES[2:]  # where data has to be ready, and a rollback rehearsed


class Gate(Model):
    """What must hold over the last days before an agent enters a stage. What is left out is the stage's default."""

    days: int | None = Field(default=None, ge=1, le=60, description="The period that is measured, up to now.")
    tasks: int | None = Field(default=None, ge=1, description="At least so many tasks measured in it.")
    error_rate: float | None = Field(
        default=None, ge=0, le=0.5, description="At most: the share of tool calls that failed."
    )
    human_override_rate: float | None = Field(
        default=None, ge=0, le=0.5, description="At most: the share of decided calls that a person refused."
    )
    cost_per_task_usd: float | None = Field(
        default=None, gt=0, le=100, description="At most, on average. Absent: the agent's own limit."
    )
    accuracy_drift: float | None = Field(
        default=None, gt=0, le=1, description="Below: the drift monitor's score of accuracy; at 1 it alarms."
    )


class Gates(Model):
    """The gate of each stage but the first."""

    pilot: Gate = Gate()
    integration: Gate = Gate()
    multi_agent: Gate = Field(default=Gate(), alias="multi-agent")
    enterprise: Gate = Gate()

    def of(self, stage: str) -> Limits:
        """Return all limits of a stage's gate; `cost_per_task_usd` is None where the agent's own is the limit."""
        gate: Gate = getattr(self, stage.replace("-", "_"))
        own = gate.model_dump(mode="json", exclude_none=True)
        return {**_DEFAULTS[stage], **_FOR_ALL, **own, "rehearsed": stage in PAST_PILOT}

    def all(self) -> dict[str, Limits]:
        """Return the gates by stage."""
        return {stage: self.of(stage) for stage in STAGES[1:]}


class Figure(Model):
    """One thing that was looked at: its value and limit as people read them."""

    what: str = Field(min_length=1, max_length=120)
    value: str = Field(max_length=300)
    limit: str = Field(max_length=300)


class Promotion(Document):
    """promotions/TEAM.AGENT.STAGE.yaml: an agent passed the gate of a stage, who decided it, on which figures."""

    agent: str = Field(
        pattern=r"^[a-z][a-z0-9-]*/[a-z][a-z0-9-]*$", description="Team and first name of the agent."
    )
    stage: GatedStage
    at: str = Field(min_length=10, max_length=40, description="UTC, ISO 8601.")
    by: str = Field(min_length=1, max_length=300, description="Who decided, as AWS knows them.")
    reason: str = Field(min_length=3, max_length=300)
    figures: tuple[Figure, ...] = Field(min_length=1)
    digest: Digest

    @property
    def file_name(self) -> str:
        """The name its file must have."""
        return file_name(self.agent, self.stage)


def file_name(agent: str, stage: str) -> str:
    """Return the name of a promotion's file. No name has a dot in it, so that no two are called alike."""
    return f"{agent.replace('/', '.')}.{stage}.yaml"


def digest_of(said: Mapping[str, object]) -> str:
    """Return the digest of a promotion's words, the digest itself and the file's version left out."""
    words = {key: value for key, value in said.items() if key not in ("digest", "apiVersion")}
    text = json.dumps(words, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def next_stage(stage: str) -> str | None:
    """Return the stage after one, None after the last."""
    following = STAGES[rank(stage) + 1 :]
    return following[0] if following else None


def rank(stage: str) -> int:
    """Return how far along a stage is: 0 is the first."""
    return STAGES.index(stage)


def check_promotion(loaded: Loaded[Promotion], promotion: Promotion) -> None:
    """Check a promotion's file name and its digest."""
    name = loaded.source.path.name
    if name != promotion.file_name:
        loaded.error(
            ("agent",),
            f"agent: the promotion of {promotion.agent} to {promotion.stage} is in {name}",
            f"Name the file {promotion.file_name}.",
        )
    if digest_of(promotion.model_dump(mode="json")) != promotion.digest:
        loaded.error(
            ("digest",),
            "digest: it is not that of this promotion, whose words were changed",
            "Put the file back as corral promote wrote it, or promote the agent again.",
        )


def highest(promotions: Iterable[Promotion]) -> dict[str, Promotion]:
    """Return each agent's promotion to the latest stage, by team and first name."""
    found: dict[str, Promotion] = {}
    for each in promotions:
        if each.agent not in found or rank(found[each.agent].stage) < rank(each.stage):
            found[each.agent] = each
    return found


def check_stages(
    environment: str, teams: Iterable[Loaded[Team]], promotions: Iterable[Loaded[Promotion]]
) -> None:
    """Check that each agent has passed the gate of its stage, or of a later one."""
    files = list(promotions)
    if not all(file.sound for file in files):
        return  # whose promotion a file with mistakes is, is not known
    passed = highest(file.spec for file in files if file.spec is not None)
    for file in teams:
        for index, agent in enumerate(file.spec.agents if file.spec else ()):
            team = file.spec.team if file.spec else ""
            promotion = passed.get(f"{team}/{agent.key}")
            has: str = promotion.stage if promotion else STAGES[0]
            if rank(agent.stage) > rank(has):
                file.error(
                    ("agents", index, "stage"),
                    f'agents[{index}].stage: {team}/{agent.name} has not passed the gate of "{agent.stage}"',
                    f"It may be at {has}. From there: corral promote {environment} {team}/{agent.name}, which asks for "
                    f"the gate of {next_stage(has)}.",
                )
