"""What runs, and where: the configuration, the TFX graph, the runners, the command line."""

__version__ = "0.1.0"
