"""What a picture of the report costs in the page, beside matplotlib's of the same numbers.

Matplotlib is not among the requirements. For one run it lies beside them:

  .tools/uv pip install --python .venv/bin/python --target /tmp/matplotlib matplotlib==3.11.2 numpy==1.26.4
  PYTHONPATH=.:/tmp/matplotlib .venv/bin/python -m benchmarks.pictures
"""

from __future__ import annotations

import io
import math
import time
from collections.abc import Callable

from pipeline.graph.report.pictures import curve

X = [3.0 * place for place in range(41)]
Y = [4 * math.sin(x / 30) + x / 20 for x in X]
LOW, HIGH = [y - 0.5 for y in Y], [y + 0.5 for y in Y]
EDGES, ROWS = [0.0, 10.0, 20.0, 40.0, 60.0, 90.0, 120.0], [3, 5, 8, 4, 3, 1]


def ours() -> str:
    """A partial effect with its band and the column's density."""
    return str(curve("miles", X, Y, LOW, HIGH, edges=EDGES, counts=ROWS, x_label="miles", y_label="change of fare"))


def matplotlibs() -> str:
    """The same, its texts left as texts."""
    import matplotlib as mpl  # type: ignore[import-not-found]

    mpl.use("svg")
    mpl.rcParams["svg.fonttype"] = "none"
    from matplotlib import pyplot

    figure, (above, below) = pyplot.subplots(2, figsize=(4, 2.4), height_ratios=(4, 1), sharex=True)
    above.fill_between(X, LOW, HIGH, alpha=0.2)
    above.plot(X, Y)
    above.set_ylabel("change of fare")
    above.grid()
    below.stairs(
        [rows / (high - low) for rows, low, high in zip(ROWS, EDGES, EDGES[1:], strict=False)], EDGES, fill=True
    )
    below.set_xlabel("miles")
    text = io.StringIO()
    figure.savefig(text, format="svg")
    pyplot.close(figure)
    return text.getvalue()


def main() -> None:
    """Prints bytes and milliseconds of a picture, once libraries are loaded."""
    for name, draw in {"ours": ours, "matplotlib": matplotlibs}.items():
        size, seconds = _cost(draw)
        print(f"{name:<12} {size:>8,} bytes  {1000 * seconds:6.1f} ms")  # noqa: T201


def _cost(draw: Callable[[], str]) -> tuple[int, float]:
    draw()
    begun = time.perf_counter()
    text = draw()
    return len(text.encode()), time.perf_counter() - begun


if __name__ == "__main__":
    main()
