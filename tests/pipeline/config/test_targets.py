import pytest

from pipeline.config.targets import Resources, Target
from pipeline.graph.registry import NAMES
from pipeline.graph.step import task_name
from tests.conftest import REPOSITORY, plumbline


@pytest.mark.parametrize(
    ("data", "location"),
    [
        ("gs://b/t/data.csv", ("gs://b/t", "data.csv")),
        ("gs://b/t/{SPAN}/v*/*.csv", ("gs://b/t", "{SPAN}/v*/*.csv")),
        ("/mnt/t.parquet", ("/mnt", "t.parquet")),
        ("/t.csv", ("/", "t.csv")),
    ],
)
def test_the_folder_and_the_pattern(data, location):
    assert Target(data=data, serving="gs://b/m").location() == location


def test_memory_in_gigabytes():
    assert Resources(memory="8Gi").gigabytes() == 8.589934592
    assert Resources(memory="500M").gigabytes() == 0.5
    assert Resources(cpu=1).gigabytes() is None


def test_task_names_are_kebab_case_and_apart():
    names = [task_name(step) for step in NAMES]
    assert names[:3] == ["example-gen", "statistics-gen", "schema-gen"]
    assert len(set(names)) == len(NAMES)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "targets.vertex: this section is missing in the configuration. Add it, with data and serving: docs"),
        ({"--image": "plumbline"}, "--image: expected a digest (@sha256:…) or an exact tag"),
        ({"--pipeline-root": "runs"}, "--pipeline-root: for vertex expected gs://bucket/path. Received 'runs'."),
    ],
)
def test_compile_ends_with_2_and_one_line(tmp_path, arguments, message):
    options = {
        "--target": "vertex",
        "--image": "p:1",
        "--pipeline-root": "gs://b/r",
        "--output": tmp_path / "p.yaml",
        **arguments,
    }
    done = plumbline(
        "compile", REPOSITORY / "data/seed/pipeline.yaml", *(text for pair in options.items() for text in pair)
    )
    assert done.code == 2
    assert message in done.err
    assert len(done.err.splitlines()) == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("output", "message"),
    [
        ("p.json", "--output: expected a file that ends in .yaml"),
        ("none/p.yaml", "does not exist. Create it, or name another file."),
    ],
)
def test_compile_checks_the_output_first(tmp_path, output, message):
    config = tmp_path / "pipeline.yaml"
    text = (REPOSITORY / "data/seed/pipeline.yaml").read_text()
    config.write_text(f"{text}\ntargets: {{kubeflow: {{data: gs://b/t.csv, serving: gs://b/m}}}}\n")
    done = plumbline(
        "compile",
        config,
        "--target",
        "kubeflow",
        "--image",
        "p:1",
        "--pipeline-root",
        "gs://b",
        "-o",
        tmp_path / output,
    )
    assert (done.code, message in done.err) == (2, True), done.err
