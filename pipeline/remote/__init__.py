"""Kubeflow Pipelines and Vertex AI: compile, submit, run a task in its container."""
