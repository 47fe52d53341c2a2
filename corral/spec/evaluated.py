"""What of an agent is evaluated while it is in use: by which evaluators, and how much of it."""

from corral.spec.template import Evaluator, Template

# The metric that drift calls accuracy is what the first of these says that the template names, else the first.
ACCURACY: tuple[Evaluator, ...] = ("Builtin.Correctness", "Builtin.Faithfulness")
CONTEXT_RELEVANCE: Evaluator = "Builtin.ContextRelevance"

# Share of sessions, in percent. An evaluator is a model that reads the whole session, and is paid as one: the more an
# agent is used, the smaller the share that tells whether it has changed.
SAMPLING: dict[str, float] = {
    "experiment": 100,
    "pilot": 100,
    "integration": 50,
    "multi-agent": 25,
    "enterprise": 10,
}


def accuracy_evaluator(template: Template) -> Evaluator:
    """The evaluator whose scores are the accuracy of a template's agents."""
    return next((each for each in ACCURACY if each in template.builtin), ACCURACY[0])


def builtin_evaluators(template: Template) -> tuple[Evaluator, ...]:
    """AWS's evaluators of a template, and those that drift needs: no template leaves an agent unwatched."""
    needed = (accuracy_evaluator(template), CONTEXT_RELEVANCE)
    return tuple(dict.fromkeys((*template.builtin, *needed)))
