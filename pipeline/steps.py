"""The names of the steps, in the order in which they run."""

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
