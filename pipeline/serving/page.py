"""The page at `/`: a form for each model that is served, and the prediction with what each feature contributed.

One self-contained document. Its script and its style stand in it, and the Content-Security-Policy names them by their hashes:
nothing else runs, and nothing is asked of another host. The script calls the REST API of the same server.
"""

from __future__ import annotations

import base64
import dataclasses
import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import web
from markupsafe import Markup

from components.linear_model.portable import MODEL_FILE, PortableModel
from pipeline.form.assets import environment_of, text_of
from pipeline.form.fields import FieldKind, FormField
from pipeline.form.form import Form, form_of
from pipeline.serving.dtypes import BOOL, DEFAULT_SIGNATURE, DOUBLE, FLOAT, RANGES, STRING
from pipeline.serving.errors import RequestError

if TYPE_CHECKING:
    from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef

    from pipeline.serving.models.manager import ModelManager

EXPLAIN = "explain"

_TEMPLATES = Path(__file__).parent / "templates"
_KINDS: dict[int, FieldKind] = {
    FLOAT: "number",
    DOUBLE: "number",
    **dict.fromkeys(RANGES, "integer"),
    STRING: "text",
    BOOL: "truth",
}


@dataclasses.dataclass(frozen=True)
class ModelView:
    """A model as the page shows it.

    Attributes:
      name: of the model.
      version: the one that answers; None if none is loaded.
      signature: that the form calls; None if the model has none that a form can be made for.
      form: of its inputs; None without a signature.
      notes: what of the model is not served that should be, and why.
    """

    name: str
    version: int | None = None
    signature: str | None = None
    form: Form | None = None
    notes: Sequence[str] = ()


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
    inputs = {key: info.dtype for key, info in signatures[signature].inputs.items()} if signature else {}
    if not inputs or any(dtype not in _KINDS for dtype in inputs.values()):
        return ModelView(name, version)
    return ModelView(name, version, signature, _form(inputs, model))


def _form(inputs: Mapping[str, int], model: PortableModel | None) -> Form:
    """The form of a signature, of types by input: the model's fields first, then what it says nothing of."""
    form = Form() if model is None else form_of(model)
    known = [field for field in form.fields if field.name in inputs]
    others = sorted(inputs.keys() - {field.name for field in known})
    return dataclasses.replace(form, fields=[*known, *(FormField(name, _KINDS[inputs[name]]) for name in others)])


def _told(path: Path) -> PortableModel | None:
    """What a loaded version says of itself; None where no model.json lies beside it."""
    try:
        return PortableModel.from_text((path / MODEL_FILE).read_text())
    except (OSError, ValueError):
        return None


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


_SCRIPT = "\n".join([text_of("values.js"), text_of("form.js"), (_TEMPLATES / "page.js").read_text(encoding="utf-8")])
_STYLE = (_TEMPLATES / "page.css").read_text(encoding="utf-8") + text_of("form.css")
_ENVIRONMENT = environment_of(_TEMPLATES)
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
