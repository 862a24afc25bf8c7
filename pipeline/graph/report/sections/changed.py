"""What changed since the last version?"""

from __future__ import annotations

import json

from pydantic import BaseModel, ValidationError

from components.errors import ConfigError
from pipeline.graph.comparison import Comparison, comparison
from pipeline.graph.report.section import Section
from pipeline.graph.report.source import FEWEST, Source
from pipeline.graph.sides import Side, side
from pipeline.graph.steps.fit import REGRESSION

KEY = "changed"
MOST = 200  # columns of a comparison that are kept, those that moved by most


class Changed(BaseModel):
    """From the version before to this model.

    Attributes:
      now: what the next version's report compares with.
      version: the one before: of a pushed model the newest below it, of a refused one the newest, that has a report beside it.
      before: its model.
      since: what moved, of the columns that moved by most.
      because: why there is nothing to compare with; None where there is.
    """

    now: Side
    version: int | None = None
    before: Side | None = None
    since: Comparison | None = None
    because: str | None = None


def _read(source: Source) -> Changed | None:
    if source.record(REGRESSION) is None:
        return None
    now = side("this model", source.run_id, source, FEWEST)
    found = source.before
    if found is None:
        return Changed(now=now, because="No version before this one has a report.")
    version, text = found
    try:
        before = Side.model_validate(json.loads(text)[KEY]["now"]).model_copy(update={"name": f"version {version}"})
        whole = comparison(before, now)
    except (KeyError, TypeError, ValidationError, json.JSONDecodeError):
        return Changed(
            now=now, version=version, because=f"The report of version {version} is damaged, or of another format."
        )
    except ConfigError as error:
        return Changed(now=now, version=version, because=str(error))
    since = whole.model_copy(update={"coefficients": whole.coefficients[:MOST], "means": whole.means[:MOST]})
    return Changed(now=now, version=version, before=before, since=since)


SECTION = Section(KEY, "What changed since the last version?", Changed, _read)
