"""An evaluator of a template's own that is code: a function that AgentCore asks for a score, and what names it."""

from dataclasses import dataclass
from pathlib import Path

from pulumi import ComponentResource, ResourceOptions
from pulumi_aws_native import bedrockagentcore as agentcore

from components.archive import code
from components.function import Function, FunctionArgs
from components.site import Shared
from corral.spec.coded import ResolvedCode
from corral.spec.names import evaluator_function_name
from corral.spec.peak import OF_AN_EVALUATOR

TIMEOUT_SECONDS = 60  # AWS waits as long unless told otherwise, and never longer than 300
MEMORY_MB = 256
OWN = "functions/evaluator/own.py"  # where the handler finds the template's code


@dataclass(frozen=True)
class CodeEvaluatorArgs:
    """Arguments of a CodeEvaluator. `root` is the project's folder."""

    shared: Shared
    root: Path
    evaluator: ResolvedCode


class CodeEvaluator(ComponentResource):
    """A function with no permission but its log, and the evaluator whose scores it gives.

    Who calls it is the role of the team's evaluations, which AgentCore takes only for a configuration of this account:
    the function needs no policy of its own.
    """

    def __init__(self, name: str, args: CodeEvaluatorArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("corral:index:CodeEvaluator", name, None, opts)
        shared, spec, site = args.shared, args.evaluator.spec, args.shared.site
        aws_name = evaluator_function_name(site.environment, shared.owner, spec.name, args.evaluator.digest)
        function = Function(
            name,
            FunctionArgs(
                shared=shared,
                aws_name=aws_name,
                service="evaluator",
                description=f"Scores what agents of team {shared.owner} do: {spec.name}.",
                handler="functions.evaluator.handler.handler",
                code=code(args.root, args.root / "functions/evaluator", {OWN: args.evaluator.path}),
                environment={},
                grants=[],
                timeout_seconds=TIMEOUT_SECONDS,
                memory_mb=MEMORY_MB,
                reserved_concurrency=OF_AN_EVALUATOR,
            ),
            ResourceOptions(parent=self),
        )
        made = agentcore.Evaluator(
            f"{name}-evaluator",
            evaluator_name=args.evaluator.aws_name,
            # The same for ever, as the alias is: AWS lets nothing of an evaluator be changed while it is in use.
            description=f"Scores what agents of team {shared.owner} do: {spec.name}.",
            level=agentcore.EvaluatorLevel(spec.level),
            evaluator_config=agentcore.EvaluatorConfigArgs(
                code_based=agentcore.EvaluatorCodeBasedEvaluatorConfigArgs(
                    lambda_config=agentcore.EvaluatorLambdaEvaluatorConfigArgs(
                        lambda_arn=function.alias_arn, lambda_timeout_in_seconds=TIMEOUT_SECONDS
                    )
                )
            ),
            kms_key_arn=shared.key_arn,
            tags=shared.tags.as_list(),
            opts=ResourceOptions(parent=self),
        )
        self.evaluator_id = made.evaluator_id
        self.alias_arn = function.alias_arn
        self.function_arn = site.arn("lambda", f"function:{aws_name}")
        self.register_outputs({"evaluator_id": self.evaluator_id})
