"""The Beam engines, a module each. A new one is named here, and nowhere else."""

from pipeline.beam.local_engine import LOCAL

ENGINES = {engine.name: engine for engine in (LOCAL,)}
