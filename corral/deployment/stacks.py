"""Runs a deployment: the platform's stack first, then the teams' side by side; a destruction the other way.

Each stack is one run of the CLI, which tells its events as lines of JSON: `Stack.up` of the Automation API would
select the stack before it and ask for outputs and history after it, four more runs that nobody reads.
"""

import json
import re
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import boto3
from pulumi.automation import CommandError, ConcurrentUpdateError, EngineEvent

from corral.deployment.origin import Origins
from corral.deployment.outcome import Outcome, Problem
from corral.deployment.outputs import OutputsError, stack_outputs
from corral.deployment.pulumi_cli import InterruptedBeforeError, Lines, PulumiCli
from corral.deprecation import SERVICE, deprecate
from corral.spec.load import Environment

Action = Literal["up", "preview", "destroy"]
# A stack begins, deals with one more resource, or ends, well or not.
Tell = Callable[[str, Literal["begin", "resource", "end", "failed"]], None]

_COMMANDS: dict[Action, tuple[str, ...]] = {
    "up": ("up", "--yes", "--skip-preview"),
    "preview": ("preview",),
    "destroy": ("destroy", "--yes", "--skip-preview"),
}
_EVENTS = {"PULUMI_ENABLE_STREAMING_JSON_PREVIEW": "true"}  # up and destroy stream their events anyway
_LAST_WORDS = 5  # lines
_DENIED = re.compile(r"Access ?Denied|PermissionDenied", re.IGNORECASE)  # as S3 says it, and as Pulumi does


class DeploymentError(Exception):
    """Nothing could be begun. The text is what the CLI says."""


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
    message: str | None = None  # goes into the history of each stack

    def interrupt(self) -> None:
        """Begin no further stack, and let those that run finish what they have begun; again: end them at once."""
        self.cli.interrupt()

    def run(self, action: Action, platform: bool, teams: Sequence[str]) -> list[Outcome]:
        """Do one thing to the platform's stack, if it is to be included, and to each team's.

        Every stack's error is in its outcome. Teams are skipped when the platform could not be done, and the
        other way round when destroying. Raises DeploymentError when Pulumi cannot tell which stacks there are.
        """
        name = self.environment.platform.environment
        first, then = [[name] if platform else [], [f"{name}.{team}" for team in teams]]
        if action == "destroy":
            first, then = then, first
        self._origins = Origins(self.environment)
        self._existing = self._stacks([] if platform else then or first)
        outcomes = self._side_by_side(action, first)
        undone = [outcome.stack for outcome in outcomes if outcome.state != "done"]
        reason = ""
        if undone:
            reason = f"{', '.join(undone)} {'is' if len(undone) == 1 else 'are'} not done"
        elif action == "preview" and any(outcome.all_new for outcome in outcomes):
            reason = f"what {name} tells its teams is not known before it is deployed"
        if reason:
            return outcomes + [Outcome(stack, "skipped", reason=reason) for stack in then]
        return outcomes + self._side_by_side(action, then)

    def _stacks(self, teams: Sequence[str]) -> set[str]:
        """The stacks that are there. A backend that keeps files reads all of them to tell.

        Who deploys teams alone, given here, need not be able to: then each of theirs is asked for.
        """
        said: list[str] = []
        try:
            listed = self._pulumi("stack", "ls", "--json", on_error=said.append)
        except InterruptedBeforeError:
            return set()
        except CommandError as error:
            if self.cli.interrupted:
                return set()
            if teams and any(_DENIED.search(line) for line in said):
                return {name for name in teams if self._is_there(name)}
            raise DeploymentError(_last_words(said) or _code(error)) from error
        return {stack["name"] for stack in json.loads(listed)}

    def _is_there(self, name: str) -> bool:
        said: list[str] = []
        try:
            self._pulumi("stack", "output", "--json", "--stack", name, on_error=said.append)
        except InterruptedBeforeError:
            return False
        except CommandError as error:
            if any(f"no stack named '{name}' found" in line for line in said) or self.cli.interrupted:
                return False
            raise DeploymentError(_last_words(said) or _code(error)) from error
        return True

    def _pulumi(self, *words: str, on_output: Lines = None, on_error: Lines = None) -> str:
        return self.cli.run(
            [*words, "--color", "never"], str(self.folder), _EVENTS, on_output, on_error
        ).stdout

    def _side_by_side(self, action: Action, stacks: Sequence[str]) -> list[Outcome]:
        with ThreadPoolExecutor(max_workers=self.parallel) as pool:
            return list(pool.map(lambda stack: self._one(action, stack), stacks))

    def _one(self, action: Action, name: str) -> Outcome:
        if self.cli.interrupted:
            return _interrupted_before(name)
        if action == "destroy" and name not in self._existing:
            return Outcome(name)
        outcome = Outcome(name)
        said: list[str] = []
        started = time.monotonic()
        self.tell(name, "begin")
        try:
            self._act(action, name, outcome, said)
            # Interrupted early enough, the CLI says "succeeded", ends with 0 and has done nothing.
            if self.cli.interrupted:
                outcome.problems.append(
                    Problem("interrupted: Pulumi does not say whether all of it was done")
                )
            elif action == "up":
                self._deprecate(name, outcome)
        except InterruptedBeforeError:
            outcome = _interrupted_before(name)
        except ConcurrentUpdateError:
            message = (
                f"another update of the stack runs, or one was killed; if none runs: pulumi cancel -s {name}"
            )
            outcome.problems = [Problem(message)]
        except CommandError as error:
            if not outcome.problems:
                outcome.problems = [Problem(self._why(outcome, said, error))]
        if outcome.problems:
            outcome.state = "failed"
        outcome.seconds = time.monotonic() - started
        self.tell(name, "end" if outcome.state == "done" else "failed")
        return outcome

    def _act(self, action: Action, name: str, outcome: Outcome, said: list[str]) -> None:
        def take(line: str) -> None:
            try:
                event = EngineEvent.from_json(json.loads(line))
            except (ValueError, AttributeError):  # no event, or one that is younger than the SDK
                said.append(line)
                return
            if outcome.note(event, self._origins):
                self.tell(name, "resource")

        if name not in self._existing:
            secrets = ("--secrets-provider", self.secrets_provider) if self.secrets_provider else ()
            self._pulumi("stack", "init", name, "--no-select", *secrets, on_error=said.append)
        policies = (
            ("--policy-pack", str(self.policy_pack)) if self.policy_pack and action != "destroy" else ()
        )
        message = ("--message", self.message) if self.message and action != "preview" else ()
        self._pulumi(
            *(*_COMMANDS[action], "--stack", name, "--json", "--suppress-outputs", *policies, *message),
            on_output=take,
            on_error=said.append,
        )

    def _deprecate(self, name: str, outcome: Outcome) -> None:
        """Mark the registry records of a team's retired agents, now that they say so."""
        team = self.environment.teams.get(name.partition(".")[2])
        if team is None or not team.retired or not self.environment.has_registry:
            return
        try:
            records = stack_outputs(self.cli, self.folder, name).get("retired") or {}
        except OutputsError as error:
            outcome.problems.append(Problem(f"{error}: no registry record was marked deprecated"))
            return
        # A session for each: stacks are done side by side, and sessions are for one thread.
        control = boto3.Session(region_name=self.environment.platform.region).client(SERVICE)
        done = deprecate(control, team, records)
        outcome.deprecated = done.marked
        outcome.problems += [Problem(problem) for problem in done.problems]

    def _why(self, outcome: Outcome, said: Sequence[str], error: CommandError) -> str:
        """Why a stack failed of which the engine told no error: there is always something to say."""
        if self.cli.interrupted:
            return "interrupted before it was done"
        return _last_words(said) or outcome.closing or _code(error)


def _interrupted_before(name: str) -> Outcome:
    return Outcome(name, "skipped", reason="interrupted before")


def _last_words(said: Sequence[str]) -> str:
    """What the CLI said last: from its error on, if it has told one."""
    lines = [line for line in said if line.strip()]
    told = next((index for index, line in enumerate(lines) if line.startswith("error:")), -_LAST_WORDS)
    return "\n".join(lines[told:][:20]).removeprefix("error:").strip()


def _code(error: CommandError) -> str:
    """The error's first line, which has the exit code. Its others have all the events."""
    return f"pulumi ended with {str(error).strip().splitlines()[0]} and told no error"
