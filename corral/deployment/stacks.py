"""Runs a deployment: the platform's stack first, then the teams' side by side; a destruction the other way."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from pulumi.automation import (
    CommandError,
    ConcurrentUpdateError,
    EngineEvent,
    LocalWorkspace,
    Stack,
)

from corral.deployment.origin import Origins
from corral.deployment.outcome import Outcome, Problem
from corral.deployment.pulumi_cli import PulumiCli
from corral.spec.load import Environment

Action = Literal["up", "preview", "destroy"]
# A stack begins, deals with one more resource, or ends, well or not.
Tell = Callable[[str, Literal["begin", "resource", "end", "failed"]], None]


@dataclass
class Deployment:
    """One run of the CLI over an environment's stacks. `folder` holds the Pulumi.yaml it works on."""

    environment: Environment
    folder: Path
    cli: PulumiCli
    tell: Tell
    policy_pack: Path | None
    secrets_provider: str | None = None
    parallel: int = 4  # team stacks side by side
    _interrupted: bool = field(default=False, init=False)

    def interrupt(self) -> None:
        """Begin no further stack, and let those that run finish what they have begun; again: end them at once."""
        self._interrupted = True
        self.cli.interrupt()

    def run(self, action: Action, platform: bool, teams: Sequence[str]) -> list[Outcome]:
        """Do one thing to the platform's stack, if it is to be included, and to each team's.

        Every error is in an outcome. Teams are skipped when the platform could not be done, and the other way
        round when destroying.
        """
        name = self.environment.platform.environment
        first, then = [[name] if platform else [], [f"{name}.{team}" for team in teams]]
        if action == "destroy":
            first, then = then, first
        self._origins = Origins(self.environment)
        self._existing = self._stacks()
        outcomes = self._side_by_side(action, first)
        reason = ""
        if any(outcome.state != "done" for outcome in outcomes):
            reason = f"{first[0] if len(first) == 1 else 'not every team'} is not done"
        elif action == "preview" and outcomes and not outcomes[0].unchanged:
            reason = f"what {name} tells its teams is not known before it is deployed"
        if reason:
            return outcomes + [Outcome(stack, "skipped", reason=reason) for stack in then]
        return outcomes + self._side_by_side(action, then)

    def _stacks(self) -> set[str]:
        return {summary.name for summary in self._workspace().list_stacks()}

    def _workspace(self) -> LocalWorkspace:
        return LocalWorkspace(
            work_dir=str(self.folder), pulumi_command=self.cli, secrets_provider=self.secrets_provider
        )

    def _side_by_side(self, action: Action, stacks: Sequence[str]) -> list[Outcome]:
        with ThreadPoolExecutor(max_workers=self.parallel) as pool:
            return list(pool.map(lambda stack: self._one(action, stack), stacks))

    def _one(self, action: Action, name: str) -> Outcome:
        outcome = Outcome(name)
        if self._interrupted:
            outcome.state, outcome.reason = "skipped", "interrupted before"
            return outcome
        if action == "destroy" and name not in self._existing:
            return outcome
        started = time.monotonic()
        self.tell(name, "begin")
        try:
            self._act(action, name, outcome)
        except ConcurrentUpdateError:
            message = (
                f"another update of the stack runs, or one was killed; if none runs: pulumi cancel -s {name}"
            )
            outcome.problems = [Problem(message)]
        except CommandError as error:
            if not outcome.problems:
                outcome.problems.append(Problem(_last_words(error)))
        if outcome.problems:
            outcome.state = "failed"
        outcome.seconds = time.monotonic() - started
        self.tell(name, "failed" if outcome.problems else "end")
        return outcome

    def _act(self, action: Action, name: str, outcome: Outcome) -> None:
        begin = Stack.select if name in self._existing else Stack.create
        stack = begin(name, self._workspace())

        def note(event: EngineEvent) -> None:
            if outcome.note(event, self._origins):
                self.tell(name, "resource")

        packs = [str(self.policy_pack)] if self.policy_pack else None
        if action == "up":
            stack.up(
                on_event=note, policy_packs=packs, suppress_outputs=True, show_secrets=False, color="never"
            )
        elif action == "preview":
            stack.preview(on_event=note, policy_packs=packs, color="never")
        else:
            stack.destroy(on_event=note, suppress_outputs=True, show_secrets=False, color="never")


def _last_words(error: CommandError) -> str:
    """What the CLI said last, when the engine told no error of its own."""
    lines = [line for line in str(error).splitlines() if line.strip()]
    return "\n".join(line for line in lines if "error:" in line) or "\n".join(lines[-5:])
