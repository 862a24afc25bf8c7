"""Linear models: exact from the triangular factor of all rows, certified, scored. The core needs numpy, scipy, threadpoolctl alone.

What `__all__` names loads on first use: the configuration asks the families alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from components.linear_model.arrays import fit
    from components.linear_model.elastic_net import ElasticNet
    from components.linear_model.inference import LeastSquaresFit, LikelihoodFit
    from components.linear_model.parquet import fit_parquet
    from components.linear_model.portable import PortableModel
    from components.linear_model.scoring import score

__all__ = ["ElasticNet", "LeastSquaresFit", "LikelihoodFit", "PortableModel", "fit", "fit_parquet", "score"]


def __getattr__(name: str) -> Any:
    if name == "fit":
        from components.linear_model.arrays import fit

        return fit
    if name == "ElasticNet":
        from components.linear_model.elastic_net import ElasticNet

        return ElasticNet
    if name == "fit_parquet":
        from components.linear_model.parquet import fit_parquet

        return fit_parquet
    if name == "score":
        from components.linear_model.scoring import score

        return score
    if name == "PortableModel":
        from components.linear_model.portable import PortableModel

        return PortableModel
    if name in ("LeastSquaresFit", "LikelihoodFit"):
        from components.linear_model import inference

        return getattr(inference, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
