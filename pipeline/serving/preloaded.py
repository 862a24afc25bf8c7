"""What the process imports that workers are forks of: all that a worker needs, once for all of them."""

from __future__ import annotations

import gc

gc.disable()  # nothing of what is imported is garbage, and to look for it takes a tenth of the time

import pipeline.serving.page  # noqa: E402
import pipeline.serving.server  # noqa: E402, F401

# Collections never walk through what is here by now, all of TensorFlow, and so requests don't wait for that; nor do they
# write to its memory, which all workers share.
gc.freeze()
gc.enable()
