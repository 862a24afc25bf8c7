"""`plumbline submit`: what is sent (submission), with which baseline, and how each service takes it (kubeflow, vertex)."""
