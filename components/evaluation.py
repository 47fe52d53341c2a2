"""Online evaluation: judges read a share of what a team's agents say, and score it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pulumi import ComponentResource, Output, ResourceOptions
from pulumi_aws import cloudwatch
from pulumi_aws_native import bedrockagentcore as agentcore

from components import permissions
from components.code_evaluator import CodeEvaluator, CodeEvaluatorArgs
from components.policy_documents import service_trust
from components.role import Role, RoleArgs
from components.site import Shared
from corral.spec.evaluated import SAMPLING, builtin_evaluators
from corral.spec.judges import ResolvedJudge
from corral.spec.names import CANARY, harness_name
from corral.spec.resolved import ResolvedAgent

NAMESPACE = (
    "Corral/Evaluations"  # of the scores; AWS's own would mix with those of agents that are not Corral's
)
SESSION_MINUTES = 15  # without a message, after which a session is over and is evaluated
_SERVICE = "bedrock-agentcore.amazonaws.com"


def service_name(agent: ResolvedAgent) -> str:
    """What a harness calls itself in its traces, and so the dimension of its scores."""
    return f"harness_{_harness(agent)}.DEFAULT"


def canary_service_name(agent: ResolvedAgent) -> str:
    """What the same harness calls itself where its canary answers: AWS names a service by its endpoint."""
    return f"harness_{_harness(agent)}.{CANARY}"


def _harness(agent: ResolvedAgent) -> str:
    return harness_name(agent.environment, agent.team, agent.key)


@dataclass(frozen=True)
class EvaluationArgs:
    """Arguments of an Evaluation: whose, and of which agents. `root` is the project's folder."""

    shared: Shared
    root: Path
    agents: Sequence[ResolvedAgent]


class Evaluation(ComponentResource):
    """What a team's evaluations share: the role that reads traces, and the log group of their results.

    Results quote conversations, so the log group has the team's key and an end.
    """

    def __init__(self, name: str, args: EvaluationArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("corral:index:Evaluation", name, None, opts)
        self._name, self._shared = name, args.shared
        shared, site = args.shared, args.shared.site
        self.log_group = f"/corral/{site.environment}/teams/{shared.owner}/evaluations"
        logs = cloudwatch.LogGroup(
            f"{name}-results",
            name=self.log_group,
            retention_in_days=site.log_retention_days,
            kms_key_id=shared.key_arn,
            tags=shared.tags.as_dict(),
            opts=ResourceOptions(parent=self, retain_on_delete=site.production),
        )
        self._results = logs.name
        # Agents of one template share its evaluators.
        coded = {each.aws_name: each for agent in args.agents for each in agent.coded}
        judges = {each.aws_name: each for agent in args.agents for each in agent.judges}
        made = {
            aws_name: CodeEvaluator(
                f"{name}-{aws_name}", CodeEvaluatorArgs(shared, args.root, each), ResourceOptions(parent=self)
            )
            for aws_name, each in coded.items()
        }
        own = []
        if coded or judges:
            aliases, functions = [e.alias_arn for e in made.values()], [e.function_arn for e in made.values()]
            own = permissions.own_evaluators(shared.key_arn, aliases, functions)
        self._role = Role(
            name,
            RoleArgs(
                shared=shared,
                aws_name=site.name("team", shared.owner, "evaluation"),
                description=f"Evaluates the agents of team {shared.owner}.",
                trust=service_trust(
                    site, _SERVICE, site.arn("bedrock-agentcore", "online-evaluation-config/*")
                ),
                grants=[
                    *permissions.evaluation(site, [_harness(each) for each in args.agents], logs.arn),
                    *own,
                ],
            ),
            ResourceOptions(parent=self),
        )
        self._own = {
            **{aws_name: self._judge(each) for aws_name, each in judges.items()},
            **{aws_name: each.evaluator_id for aws_name, each in made.items()},
        }
        self.register_outputs({"log_group": self.log_group})

    def of(self, agent: ResolvedAgent) -> Output[str]:
        """Evaluate an agent, from its creation on, as much of it as its stage asks for. Returns the ARN."""
        return self._config(agent, "", service_name(agent), SAMPLING[agent.stage])

    def of_canary(self, agent: ResolvedAgent) -> Output[str]:
        """Evaluate every session of an agent's canary: they are few, and are compared. Returns the ARN."""
        return self._config(agent, CANARY, canary_service_name(agent), 100)

    def _judge(self, judge: ResolvedJudge) -> Output[str]:
        """Make an evaluator of a template's own. Returns its id."""
        spec, model = judge.spec, agentcore.EvaluatorBedrockEvaluatorModelConfigArgs(model_id=judge.model)
        made = agentcore.Evaluator(
            f"{self._name}-{judge.aws_name}",
            evaluator_name=judge.aws_name,
            # The same for ever: AWS lets nothing of an evaluator be changed while it is in use.
            description=f"Scores what agents of team {self._shared.owner} do: {spec.name}.",
            level=agentcore.EvaluatorLevel(spec.level),
            evaluator_config=agentcore.EvaluatorConfigArgs(
                llm_as_a_judge=agentcore.EvaluatorLlmAsAJudgeEvaluatorConfigArgs(
                    instructions=spec.judge,
                    model_config=agentcore.EvaluatorModelConfigArgs(bedrock_evaluator_model_config=model),
                    rating_scale=agentcore.EvaluatorRatingScaleArgs(
                        numerical=[
                            agentcore.EvaluatorNumericalScaleDefinitionArgs(
                                value=each.value, label=each.label, definition=each.definition
                            )
                            for each in spec.scale
                        ]
                    ),
                )
            ),
            kms_key_arn=self._shared.key_arn,
            tags=self._shared.tags.as_list(),
            opts=ResourceOptions(parent=self),
        )
        return made.evaluator_id

    def _config(self, agent: ResolvedAgent, suffix: str, service: str, percent: float) -> Output[str]:
        harness = _harness(agent)
        names = [*(each.aws_name for each in agent.judges), *(each.aws_name for each in agent.coded)]
        own = [self._own[each] for each in names]
        made = agentcore.OnlineEvaluationConfig(
            "-".join(filter(None, (self._name, agent.key, suffix))),
            online_evaluation_config_name="_".join(filter(None, (harness, suffix))),
            description=f"Scores of {agent.team}/{agent.name}{suffix and ', where its canary answers'}.",
            data_source_config=agentcore.OnlineEvaluationConfigDataSourceConfigArgs(
                cloud_watch_logs=agentcore.OnlineEvaluationConfigCloudWatchLogsInputConfigArgs(
                    # AgentCore ends the group's name with an id of its own and the endpoint.
                    log_group_name_prefixes=[f"/aws/bedrock-agentcore/runtimes/harness_{harness}-"],
                    service_names=[service],
                )
            ),
            evaluators=[
                agentcore.OnlineEvaluationConfigEvaluatorReferenceArgs(evaluator_id=each)
                for each in (*builtin_evaluators(agent.made_from), *own)
            ],
            evaluation_execution_role_arn=self._role.arn,
            execution_status=agentcore.OnlineEvaluationConfigExecutionStatus.ENABLED,
            output_config=agentcore.OnlineEvaluationConfigOutputConfigArgs(
                cloud_watch_config=agentcore.OnlineEvaluationConfigCloudWatchOutputConfigArgs(
                    log_group_name=self._results, metrics_namespace=NAMESPACE
                )
            ),
            rule=agentcore.OnlineEvaluationConfigRuleArgs(
                sampling_config=agentcore.OnlineEvaluationConfigSamplingConfigArgs(
                    sampling_percentage=percent
                ),
                session_config=agentcore.OnlineEvaluationConfigSessionConfigArgs(
                    session_timeout_minutes=SESSION_MINUTES
                ),
            ),
            tags=self._shared.tags.of_agent(agent.name).as_list(),
            # AWS tries the role out when the configuration is made.
            opts=ResourceOptions(parent=self, depends_on=[self._role.policy]),
        )
        return made.online_evaluation_config_arn
