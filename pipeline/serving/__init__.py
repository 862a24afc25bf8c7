"""The embedded server that speaks TF Serving's APIs."""
