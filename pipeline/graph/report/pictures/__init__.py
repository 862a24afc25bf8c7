"""Pictures as inline SVG: drawn once, when the page is made, in the colours of its style sheet.

Each takes plain numbers, None for one that there is not, and gives an element of the page.
"""

from pipeline.graph.report.pictures.bars import bars, levels, limited, shares
from pipeline.graph.report.pictures.curves import curve, trace
from pipeline.graph.report.pictures.histograms import histogram
from pipeline.graph.report.pictures.scatters import bands, points, quantiles

__all__ = [
    "PICTURES",
    "bands",
    "bars",
    "curve",
    "histogram",
    "levels",
    "limited",
    "points",
    "quantiles",
    "shares",
    "trace",
]

PICTURES = {
    one.__name__: one for one in (bars, levels, limited, shares, curve, trace, histogram, bands, points, quantiles)
}
"""By the name that a template calls it by."""
