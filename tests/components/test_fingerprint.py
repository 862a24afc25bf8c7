from __future__ import annotations

import json
import subprocess
import sys

import pytest

from components import fingerprint
from components.fingerprint import code_fingerprint, imported_modules
from tests.conftest import REPOSITORY


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package `steps` in the place of `components`."""
    files = {
        "__init__.py": "def __getattr__(name):\n    from steps import lazy\n",
        "lazy.py": "",
        "one/__init__.py": "",
        "one/core.py": "import numpy\nimport steps.two.core\nfrom . import near\nfrom ..shared import y\n",
        "one/near.py": "def f():\n    from steps.deep import mod\n",
        "one/other.py": "x = 1\n",
        "two/__init__.py": "from steps.two.beside import b\n",
        "two/core.py": "",
        "two/beside.py": "b = 1\n",
        "deep/__init__.py": "",
        "deep/mod.py": "",
        "shared.py": "y = 1\n",
    }
    root = tmp_path / "steps"
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    monkeypatch.setattr(fingerprint, "_ROOT", root)
    return root


def test_follows_what_is_imported_in_every_form(package):
    assert set(imported_modules("steps.one.core")) == {
        *("steps", "steps.lazy", "steps.one", "steps.one.core", "steps.one.near", "steps.two", "steps.two.core"),
        *("steps.two.beside", "steps.deep", "steps.deep.mod", "steps.shared"),
    }
    assert set(imported_modules("steps.deep.mod")) == {"steps", "steps.lazy", "steps.deep", "steps.deep.mod"}


def test_changes_with_the_code_that_is_imported_and_with_no_other(package):
    def both() -> tuple[str, str]:
        return code_fingerprint("steps.one.core"), code_fingerprint("steps.two.core")

    first = both()
    assert first[0] != first[1]
    (package / "two" / "beside.py").write_text("b = 2\n")
    second = both()
    assert (second[0] != first[0], second[1] != first[1]) == (True, True)
    (package / "shared.py").write_text("y = 2\n")
    third = both()
    assert (third[0] != second[0], third[1] != second[1]) == (True, False)
    (package / "one" / "other.py").write_text("x = 2\n")
    assert both() == third


def test_a_module_that_is_not_there_is_an_error_and_no_empty_fingerprint(package):
    with pytest.raises(ModuleNotFoundError, match=r"steps\.thre"):
        code_fingerprint("steps.one.core", "steps.thre")


def test_what_was_left_out_when_it_was_kept_by_hand():
    assert "components.fit.settings" in imported_modules("components.fit.executor")
    assert "components.model_gate.verdict" in imported_modules("components.serving_check.executor")


# A step's component, and what is reached by name when it runs.
STEPS = {
    "ExampleGen": ["components.ingest.component", "components.ingest.executor"],
    "DataGate": ["components.data_gate.component", "components.data_gate.executor"],
    "Transform": ["components.preprocessing.preprocessing_fn"],
    "Gather": ["components.gather.component", "components.gather.executor"],
    "Fit": ["components.fit.component", "components.fit.executor"],
    "Trainer": ["components.trainer.component", "components.trainer.run_fn"],
    "Evaluator": ["components.model_gate.metrics", "components.model_gate.extractors"],
    "ModelGate": ["components.model_gate.component", "components.model_gate.executor"],
    "ServingCheck": ["components.serving_check.component", "components.serving_check.check"],
}

REALLY = """
import importlib, json, sys
import tfx.components, tensorflow_data_validation, tensorflow_model_analysis, keras
found = {}
for step, modules in json.loads(sys.argv[1]).items():
    for name in [name for name in sys.modules if name.partition(".")[0] == "components"]:
        del sys.modules[name]
    for name in modules:
        importlib.import_module(name)
    found[step] = [name for name in sys.modules if name.partition(".")[0] == "components"]
print(json.dumps(found))
"""


@pytest.mark.e2e
def test_what_a_step_really_imports_is_in_its_fingerprint():
    done = subprocess.run(
        [sys.executable, "-c", REALLY, json.dumps(STEPS)], capture_output=True, text=True, check=False, cwd=REPOSITORY
    )
    assert done.returncode == 0, done.stderr
    for step, names in json.loads(done.stdout.splitlines()[-1]).items():
        known = imported_modules(*STEPS[step])
        assert set(names) <= set(known), step
        assert not any(name.startswith("pipeline") for name in known)


@pytest.mark.e2e
@pytest.mark.usefixtures("tfx_loaded")
def test_each_step_carries_the_fingerprint_of_what_it_imports(tmp_path):
    from pipeline.config.file import load_config
    from pipeline.graph.create import create_pipeline
    from pipeline.graph.places import Places

    config = load_config(REPOSITORY / "data/taxi/pipeline.yaml")
    graph = create_pipeline(config, Places.local(config, tmp_path))
    said = {node.id: json.dumps(node.exec_properties, default=str) for node in graph.components}
    missing = {step for step, modules in STEPS.items() if code_fingerprint(*modules) not in said[step]}
    assert not missing


def test_the_whole_code_changes_with_any_file_of_it(tmp_path, monkeypatch):
    import importlib

    from components.fingerprint import whole_code

    for name in ("first", "second"):
        folder = tmp_path / name / "someones"
        (folder / "below").mkdir(parents=True)
        (folder / "__init__.py").write_text("")
        (folder / "below" / "module.py").write_text("x = 1\n")
    found = []
    for name, text in (("first", "x = 1\n"), ("second", "x = 2\n"), ("first", "x = 1\n")):
        (tmp_path / name / "someones" / "below" / "module.py").write_text(text)
        monkeypatch.syspath_prepend(tmp_path / name)
        sys.modules.pop("someones", None)
        importlib.import_module("someones")
        whole_code.cache_clear()
        found.append(whole_code("someones"))
    whole_code.cache_clear()
    assert found[0] == found[2] != found[1]
