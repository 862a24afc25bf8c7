"""The page at `/`: a form for each model that is served, and the prediction with what each feature contributed.

One self-contained document. Its script and its style stand in it, and the Content-Security-Policy names them by their hashes:
nothing else runs, and nothing is asked of another host. The script calls the REST API of the same server.
"""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import jinja2
from aiohttp import web
from markupsafe import Markup

from components.linear_model.portable import MODEL_FILE, PortableModel
from pipeline.serving.dtypes import DEFAULT_SIGNATURE
from pipeline.serving.errors import RequestError
from pipeline.serving.fields import FormField, fields_of

if TYPE_CHECKING:
    from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef

    from pipeline.serving.models.manager import ModelManager

EXPLAIN = "explain"

_TEMPLATES = Path(__file__).parent / "templates"


@dataclasses.dataclass(frozen=True)
class ModelView:
    """A model as the page shows it.

    Attributes:
      name: of the model.
      version: the one that answers; None if none is loaded.
      signature: that the form calls; None if the model has none that a form can be made for.
      fields: its inputs.
      unit: of contributions, where they are not in the label's own: `log odds ratio`.
      answers: which number a transformed label is answered by; None for any other.
      notes: what of the model is not served that should be, and why.
      columns: by feature, the inputs that it is made of; of a model without a model.json none.
    """

    name: str
    version: int | None = None
    signature: str | None = None
    fields: Sequence[FormField] = ()
    unit: str | None = None
    answers: str | None = None
    notes: Sequence[str] = ()
    columns: Mapping[str, Sequence[str]] = dataclasses.field(default_factory=dict)


def view(
    name: str, version: int, signatures: Mapping[str, SignatureDef], model: PortableModel | None = None
) -> ModelView:
    """Shows a loaded version: by its signature `explain`, else by `serving_default`.

    Args:
      name: of the model.
      version: its number.
      signatures: SignatureDefs by name.
      model: what the version says of itself; None where it says nothing.
    """
    signature = next((key for key in (EXPLAIN, DEFAULT_SIGNATURE) if key in signatures), None)
    inputs = signatures[signature].inputs if signature else {}
    fields = fields_of({key: info.dtype for key, info in inputs.items()}, model)
    if not fields:
        return ModelView(name, version)
    if model is None:
        return ModelView(name, version, signature, fields)
    columns = {entry["name"]: entry["columns"] for entry in model.features}
    answers = model.of_family.answers(model.label)
    return ModelView(name, version, signature, fields, _unit(model), answers, columns=columns)


def _told(path: Path) -> PortableModel | None:
    """What a loaded version says of itself; None where no model.json lies beside it."""
    try:
        return PortableModel.from_text((path / MODEL_FILE).read_text())
    except (OSError, ValueError):
        return None


def _unit(model: PortableModel) -> str | None:
    """What contributions are in; None for the label's units."""
    family = model.of_family
    if family.transform is not None:
        return family.fitted(model.label)
    if family.link.name == "identity":
        return None
    return f"log {family.link.ratio}" if family.link.ratio else f"linear predictor of the link {family.link.name}"


def served(manager: ModelManager) -> list[ModelView]:
    """All models of a server, each with its highest loaded version."""
    views = []
    reasons = manager.reasons()
    for name in sorted(manager.available()):
        try:
            with manager.servable(name) as servable:
                shown = view(name, servable.version, servable.signatures, _told(servable.path))
        except RequestError:
            shown = ModelView(name)
        views.append(dataclasses.replace(shown, notes=reasons.get(name, ())))
    return views


def _hash(text: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


_ENVIRONMENT = jinja2.Environment(
    loader=jinja2.FileSystemLoader(_TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
)
_SCRIPT, _STYLE = ((_TEMPLATES / name).read_text(encoding="utf-8") for name in ("page.js", "page.css"))
HEADERS = {
    "Content-Security-Policy": (
        f"default-src 'none'; script-src {_hash(_SCRIPT)}; style-src {_hash(_STYLE)}; connect-src 'self'; img-src data:; "
        "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def page(models: Sequence[ModelView]) -> str:
    """The document. To be sent with `HEADERS`.

    Args:
      models: in the order in which they are shown.
    """
    return _ENVIRONMENT.get_template("page.html").render(
        models=models,
        columns=[json.dumps(model.columns) for model in models],
        script=Markup(_SCRIPT),  # noqa: S704 - files of this package, without anything put in
        style=Markup(_STYLE),  # noqa: S704
    )


def page_routes(lookup: Callable[[], Iterable[ModelView]]) -> list[web.RouteDef]:
    """The routes of the page.

    Args:
      lookup: says what is served, whenever the page is asked for.
    """

    async def show(request: web.Request) -> web.Response:
        return web.Response(text=page(list(lookup())), content_type="text/html", charset="utf-8", headers=HEADERS)

    return [web.get("/", show)]
