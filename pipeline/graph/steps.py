"""The names of the steps, in the order in which they run; some run only where the configuration asks for them."""

STEPS = (
    "ExampleGen",
    "StatisticsGen",
    "SchemaGen",
    "ExampleValidator",
    "DataGate",
    "Transform",
    "Gather",
    "Fit",
    "Trainer",
    "Baseline",
    "Evaluator",
    "ModelGate",
    "ServingCheck",
    "Pusher",
)
OPTIONAL = ("InfraValidator", "TestEvaluation")


def task_name(step: str) -> str:
    """A step's name where an orchestrator runs it: `ModelGate` is `model-gate` there, because Argo takes no capitals."""
    return "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in step).removeprefix("-")
