import os

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("tfx_loaded")]


def resolve(folder, pattern):
    """What the driver makes of ExampleGen's properties."""
    from tfx.orchestration import metadata

    from components.ingest.component import TableExampleGen
    from components.table.spec import TableSpec

    component = TableExampleGen(str(folder), pattern, TableSpec(numbers=["y"], texts=[], label="y"), 0, "rejected")
    driver = component.driver_class(metadata.Metadata(metadata.sqlite_metadata_connection_config(str(folder / "db"))))
    return driver.resolve_exec_properties(dict(component.spec.exec_properties), None, None)


def test_other_values_of_the_same_size_and_time_are_another_fingerprint(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("y\n1\n2\n")
    first = resolve(tmp_path, "t.csv")["input_fingerprint"]
    assert resolve(tmp_path, "t.csv")["input_fingerprint"] == first
    before = path.stat()
    path.write_text("y\n1\n9\n")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    second = resolve(tmp_path, "t.csv")["input_fingerprint"]
    assert second != first
    assert second.splitlines()[0] == first.splitlines()[0]  # TFX's own sees no difference
    path.rename(tmp_path / "u.csv")
    assert resolve(tmp_path, "*.csv")["input_fingerprint"] != second


def test_spans_and_versions_are_resolved_as_tfx_does(tmp_path):
    for span, version in ((1, 1), (2, 1), (2, 3)):
        folder = tmp_path / f"span{span}" / f"v{version}"
        folder.mkdir(parents=True)
        (folder / "t.csv").write_text(f"y\n{span}{version}\n")
    found = resolve(tmp_path, "span{SPAN}/v{VERSION}/*.csv")
    assert (found["span"], found["version"]) == (2, 3)
    assert "span2/v3/*.csv" in found["input_config"]
    (tmp_path / "span2/v3/t.csv").write_text("y\n99\n")
    assert resolve(tmp_path, "span{SPAN}/v{VERSION}/*.csv")["input_fingerprint"] != found["input_fingerprint"]


def test_a_file_whose_name_looks_like_a_pattern_is_another_after_a_change(tmp_path):
    path = tmp_path / "t[1].csv"
    path.write_text("y\n1\n2\n")
    first = resolve(tmp_path, path.name)["input_fingerprint"]
    path.write_text("y\n1\n9\n")
    assert resolve(tmp_path, path.name)["input_fingerprint"] != first
