"""Evaluators of a template's own: a model that reads what an agent did, and scores it by instructions and a scale."""

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import Field

from corral.spec.document import Loaded
from corral.spec.errors import show
from corral.spec.model import Model
from corral.spec.names import JudgeName, ModelName, judge_name
from corral.spec.platform import Platform

Level = Literal["TRACE", "SESSION", "TOOL_CALL"]
# What AWS fills in at each level while agents are in use; what it compares with known answers is for other evaluations.
# https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/create-evaluator.html
PLACEHOLDERS: dict[Level, tuple[str, ...]] = {
    "TRACE": ("context", "assistant_turn"),
    "SESSION": ("context", "available_tools"),
    "TOOL_CALL": ("context", "available_tools", "tool_turn"),
}
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


class Rating(Model):
    """A score that a judge may give, and when it does."""

    value: float = Field(ge=0, le=100)
    label: str = Field(min_length=1, max_length=100)
    definition: str = Field(min_length=3, max_length=300)


class OwnEvaluator(Model):
    """What every evaluator of a template's own has."""

    name: JudgeName
    level: Level = Field(
        default="TRACE", description="What gets a score: each answer, each session or each call of a tool."
    )


class Judge(OwnEvaluator):
    """A model as a judge. `judge` tells it what to look at; {context} and the like stand for what happened."""

    judge: str = Field(min_length=10, max_length=4000)
    model: ModelName | None = Field(default=None, description="Absent: the platform's default model.")
    scale: tuple[Rating, ...] = Field(min_length=2, max_length=20)

    @property
    def text(self) -> str:
        """On one line, to see whether it is still the same: level, model, scale, instructions."""
        scale = "; ".join(f"{each.value:g} {each.label}: {each.definition}" for each in self.scale)
        return " ".join(f"{self.level}, {self.model or 'default model'}, {scale}. {self.judge}".split())


@dataclass(frozen=True)
class ResolvedJudge:
    """A template's own evaluator with its model, under the name that AWS knows it by."""

    aws_name: str
    spec: Judge
    model: str  # the id of a foundation model or an inference profile


def resolved_judges(judges: Sequence[Judge], platform: Platform, team: str) -> Iterator[ResolvedJudge]:
    """Each judge whose model the platform has; that it has not is for the caller to say."""
    for judge in judges:
        source = platform.models.get(judge.model or platform.default_model)
        if source is not None:
            model = source.inference_profile or source.id
            said = {**judge.model_dump(exclude={"name", "model"}), "model": model}
            digest = hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:6]
            yield ResolvedJudge(judge_name(platform.environment, team, judge.name, digest), judge, model)


def check_judges(loaded: Loaded[Any], evaluators: Sequence[object]) -> None:
    """Check what no model can see: names of all, placeholders of judges, and that each score of theirs is one."""
    names: set[str] = set()
    for index, judge in enumerate(evaluators):
        if not isinstance(judge, OwnEvaluator):
            continue
        place, shown = ("evaluators", index), f"evaluators[{index}]"
        if judge.name in names:
            loaded.error(
                (*place, "name"),
                f"{shown}.name: {show(judge.name)} is the name of another evaluator",
                "Each name once in a template.",
            )
        names.add(judge.name)
        if not isinstance(judge, Judge):
            continue
        allowed, used = PLACEHOLDERS[judge.level], _PLACEHOLDER.findall(judge.judge)
        listed = ", ".join(f"{{{name}}}" for name in allowed)
        if not used:
            loaded.error(
                (*place, "judge"),
                f"{shown}.judge: says nowhere what to read",
                f"Put in at least one of {listed}: AWS fills it in.",
            )
        for name in dict.fromkeys(used):
            if name not in allowed:
                loaded.error(
                    (*place, "judge"),
                    f"{shown}.judge: {{{name}}} is not filled in at level {judge.level}",
                    f"Allowed: {listed}.",
                )
        for key in ("value", "label"):
            given = [rating.label if key == "label" else f"{rating.value:g}" for rating in judge.scale]
            for position, each in enumerate(given):
                if each in given[:position]:
                    loaded.error(
                        (*place, "scale", position, key),
                        f"{shown}.scale[{position}].{key}: {each if key == 'value' else show(each)} is there twice",
                        "Each once.",
                    )
