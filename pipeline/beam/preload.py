"""What any step's Beam work needs. Workers are forked from a process that has imported this, and what the steps' entries name."""

from components.loading import libraries

with libraries():
    import tfx.components  # noqa: F401, I001 (first: it prepares the modules that TFDV and TFMA import)
    import tensorflow_data_validation  # noqa: F401
    import tensorflow_model_analysis  # noqa: F401
    import tensorflow_transform.beam  # noqa: F401

    from components.internals.beam import remember_inspections
    from components.internals.tensorflow_transform import trace_once

remember_inspections()
trace_once()
