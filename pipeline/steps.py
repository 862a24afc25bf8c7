"""The names of the steps that every graph has."""

STEPS = (
    "ExampleGen",
    "StatisticsGen",
    "SchemaGen",
    "ExampleValidator",
    "DataGate",
    "Transform",
    "LeastSquares",
    "Trainer",
    "Baseline",
    "Evaluator",
    "ModelGate",
    "ServingCheck",
    "Pusher",
)


def task_name(step: str) -> str:
    """A step's name where an orchestrator runs it: `ModelGate` is `model-gate` there, because Argo takes no capitals."""
    return "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in step).removeprefix("-")
