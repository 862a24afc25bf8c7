import pytest

from components.errors import ConfigError
from pipeline.config.file import load_config
from tests.conftest import REPOSITORY

GOOD = """
name: fares
data: {path: t.csv, split: {train: 0.8, eval: 0.2}}
label: y
features: {x: numeric, c: {kind: categorical, vocabulary: 50}, h: {kind: buckets, boundaries: [6, 10]}}
model: {solver: sgd, learning_rate: 0.1, steps: 10}
evaluate:
  limits: {mean_squared_error: {max: 20}}
  slices: [[c], {columns: [h], limits: {r_squared: {min: 0}}}]
serve: {path: serving, keep: 5}
"""
SGD = "solver: sgd, learning_rate: 0.1, steps: 10"


def load(tmp_path, text):
    path = tmp_path / "pipeline.yaml"
    path.write_text(text)
    return load_config(path)


def one_line(tmp_path, text):
    """The error that a configuration gives: one line, which names the file."""
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    message = str(caught.value)
    assert message.startswith(str(tmp_path / "pipeline.yaml"))
    assert len(message.splitlines()) == 1
    return message


def test_the_default_solver_is_the_exact_one(tmp_path):
    without = load(tmp_path, GOOD.replace("model: {solver: sgd, learning_rate: 0.1, steps: 10}", ""))
    assert (without.model.solver, without.model.l2) == ("exact", 0.0)
    assert load(tmp_path, GOOD.replace("solver: sgd, learning_rate: 0.1, steps: 10", "l2: auto")).model.l2 == "auto"


def test_paths_are_relative_to_the_file(tmp_path):
    config = load(tmp_path, GOOD)
    assert config.data.path == tmp_path / "t.csv"
    assert config.serving_directory(tmp_path / "R") == tmp_path / "R" / "serving" / "fares"


def test_what_ingest_and_steps_get(tmp_path):
    config = load(tmp_path, GOOD.replace("slices: [[c]", "slices: [[zone]"))
    spec = config.table_spec()
    assert spec.numbers == ["x", "h", "y"]
    assert spec.texts == ["c", "zone"]
    assert [feature["name"] for feature in config.step_config()["features"]] == ["x", "c", "h"]


def test_clusters_and_slices_travel_to_the_steps(tmp_path):
    text = GOOD.replace("solver: sgd, learning_rate: 0.1, steps: 10", "errors: {cluster: firm}")
    config = load(tmp_path, text.replace("{train: 0.8, eval: 0.2}", "{by: day, eval_from: 7}"))
    spec = config.table_spec()
    assert (spec.cluster, spec.columns[-2:]) == ("firm", ["day", "firm"])
    assert "firm" not in spec.kept
    assert spec.added == config.step_config()["added"] == ["plumbline_row", "plumbline_cluster", "plumbline_time"]
    assert config.slice_columns == ["c", "h"]
    plain = load(tmp_path, GOOD.replace("t.csv,", "t.csv, split_by: c,"))  # gradient descent has no clusters
    assert (plain.table_spec().cluster, plain.table_spec().added) == (None, ["plumbline_row", "plumbline_group"])


@pytest.mark.parametrize("example", ["seed", "taxi", "tips", "delays"])
def test_the_examples_are_valid(example):
    assert load_config(REPOSITORY / "data" / example / "pipeline.yaml").data.path.is_file()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("label: y", "label: y\nlable: y", "lable: unknown key; did you mean 'label'?; remove or rename it."),
        ("steps: 10", "step: 10", "model.step: unknown key; did you mean 'steps'?"),
        ("x: numeric", "x: {kind: numeric, scaled: no}", "features.x.scaled: unknown key; did you mean 'scale'?"),
        ("keep: 5", "keeps: 5", "serve.keeps: unknown key; did you mean 'keep'?"),
        ("{max: 20}", "{maximum: 20}", "evaluate.limits.mean_squared_error.maximum: unknown key"),
        ("label: y", "", "label: this key is missing. Add it."),
        ("vocabulary: 50", "vocabulary: many", "features.c.vocabulary: Input should be a valid integer. Received 'many'."),
        ("steps: 10", 'steps: "10"', "model.steps: Input should be a valid integer. Received '10'."),
        ("x: numeric", "x: number", "features.x: a feature is one of 'numeric', 'integer', "),
        ("label: y", "label: x", "features.x: 'x' is the label; it can't be a feature too. Remove one of the two."),
        ("label: y", "label: y\nweight: c", "features.c: 'c' is the weight; it can't be a feature too."),
        ("label: y", "label: y\nweight: y", "weight: 'y' is the label."),
        ("eval: 0.2", "eval: 0.3", "data.split: must sum to 1; it sums to 1.1. Received {'train': 0.8, 'eval': 0.3}."),
        ("x: numeric", "plumbline_row: numeric", "'plumbline_row' is the name of a column that ingest adds. Rename"),
        ("{mean_squared_error:", "{mean_square_error:", "unknown metric 'mean_square_error'; did you mean 'mean_squared_error'?"),
        ("{max: 20}", "{}", "evaluate.limits.mean_squared_error: needs 'min', 'max' or both"),
        ("{mean_squared_error: {max: 20}}", "{}", "evaluate.limits: needs at least one limit: without one there is no verdict."),
        ("path: serving", "path: ../out", "serve.path: must be a path inside the root folder"),
        ("name: fares", "name: Taxi Fares", "name: must be lower-case letters, digits and hyphens"),
        ("t.csv,", "t.csv, escape: '\"',", "data.escape: must be one character of ASCII, such as '\\' (Spark's), and no quote"),
        ("t.csv", "t.xlsx", "data.path: must be a .csv, .csv.gz, .parquet file"),
        ("solver: sgd", "solver: exactly", "model: solver must be 'exact' or 'sgd'. Received {'solver': 'exactly'"),
        ("solver: sgd, learning_rate: 0.1, steps: 10", "l2: -1", "model.l2: must be 'auto' or a finite number of at least 0."),
        ("solver: sgd, learning_rate: 0.1, steps: 10", "solver: exact, fold: 3", "model.fold: unknown key; did you mean 'folds'?"),
        ("solver: sgd, learning_rate: 0.1, steps: 10", "errors: HC3", "model.errors: Input should be 'classical', 'hc0', "),
        ("solver: sgd, learning_rate: 0.1, steps: 10", "errors: [hc3]", "model.errors: must be one of 'classical', 'hc0', "),
        ("solver: sgd, learning_rate: 0.1, steps: 10", "errors: {cluster: y}", "model.errors.cluster: 'y' is the label. Name"),
        ("solver: sgd, learning_rate: 0.1, steps: 10", "errors: {}", "model.errors.cluster: this key is missing. Add it."),
        ("solver: sgd", "errors: hc3, solver: sgd", "model.errors: unknown key."),
        ("x: numeric", "plumbline_cluster: numeric", "'plumbline_cluster' is the name of a column that ingest adds."),
        ("label: y", "label: y\nlabel: z", "the key 'label' stands twice"),
        ("label: y", "label: 2010", "label.column: Input should be a valid string. Received 2010. A text that looks like"),
        ("x: numeric", "x: {kind: numeric, indicator: yes}", "Received 'yes'. Write true or false."),
        ("label: y", "label: !!python/object:os.system y", "not valid YAML"),
        ("label: y", "label: y\nschema: none.pbtxt", "schema: "),
    ],
)  # fmt: skip
def test_each_mistake_gets_one_line_with_file_key_and_way_out(tmp_path, old, new, message):
    assert old in GOOD
    assert message in one_line(tmp_path, GOOD.replace(old, new, 1))


TARGETS = """
targets:
  kubeflow: {data: gs://b/t.csv, serving: gs://b/m, retries: 2, resources: {Trainer: {cpu: 2, memory: 8Gi}}, host: "http://k:80"}
  vertex: {data: "gs://b/{SPAN}/*.csv", serving: /gcs/b/m, beam: {engine: dataflow, options: [--region=x]}, labels: {team: fares},
    project: some}
"""
ENDPOINT = 'project: some, region: europe-west1, endpoint: {name: taxi, image: "r/tf:2.15.1", machine: n1-standard-4}'


def test_targets_are_no_part_of_the_fingerprint(tmp_path):
    config = load(tmp_path, GOOD + TARGETS)
    assert config.targets.get("kubeflow").resources["Trainer"].memory == "8Gi"
    assert config.targets.get("vertex").cache
    assert config.fingerprint() == load(tmp_path, GOOD).fingerprint()


def test_an_endpoint_in_the_place_of_a_folder(tmp_path):
    target = load(
        tmp_path, GOOD + TARGETS.replace("serving: /gcs/b/m", ENDPOINT).replace(",\n    project: some}", "}")
    ).targets.vertex
    told = target.endpoint_config()
    assert told["ai_platform_vertex_region"] == "europe-west1"
    assert told["ai_platform_vertex_container_image_uri"] == "r/tf:2.15.1"
    assert told["ai_platform_serving_args"]["endpoint_name"] == "taxi"
    assert told["ai_platform_serving_args"]["machine_type"] == "n1-standard-4"
    assert told["ai_platform_serving_args"]["project"] == "some"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("r/tf:2.15.1", "r/tf:latest", "targets.vertex.endpoint.image: must have a digest (@sha256:…) or an exact tag"),
        ("machine:", "machin:", "targets.vertex.endpoint.machin: unknown key; did you mean 'machine'?"),
        ("region: europe-west1", "beam: {}", "targets.vertex: needs 'project' and 'region' for its endpoint"),
        ("region: europe-west1", "region: europe", "targets.vertex.region: String should match pattern"),
        ("project: some", "serving: gs://b/m", "targets.vertex: needs either 'serving', a folder, or 'endpoint'"),
    ],
)
def test_each_mistake_in_an_endpoint_gets_one_line(tmp_path, old, new, message):
    assert old in ENDPOINT
    text = TARGETS.replace("serving: /gcs/b/m", ENDPOINT.replace(old, new)).replace(",\n    project: some}", "}")
    assert message in one_line(tmp_path, GOOD + text.replace(", beam: {engine: dataflow, options: [--region=x]}", ""))


def test_a_target_that_is_not_there(tmp_path):
    with pytest.raises(ConfigError, match=r"targets\.vertex: this section is missing in the configuration\. Add it"):
        load(tmp_path, GOOD).targets.get("vertex")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("kubeflow:", "kubefow:", "targets.kubefow: unknown key; did you mean 'kubeflow'?"),
        ("retries: 2", "retry: 2", "targets.kubeflow.retry: unknown key; did you mean 'retries'?"),
        ("retries: 2", "retries: -1", "targets.kubeflow.retries: Input should be greater than or equal to 0. Received -1."),
        ("memory: 8Gi", "memry: 8Gi", "targets.kubeflow.resources.Trainer.memry: unknown key; did you mean 'memory'?"),
        ("memory: 8Gi", "memory: 8GB", "targets.kubeflow.resources.Trainer.memory: must be a whole number with a unit"),
        ("{cpu: 2, memory: 8Gi}", "{}", "targets.kubeflow.resources.Trainer: needs 'cpu', 'memory' or both"),
        ("gs://b/t.csv", "s3://b/t.csv", "targets.kubeflow.data: must be 'gs://bucket/path', or the absolute path"),
        ("gs://b/t.csv", "t.csv", "targets.kubeflow.data: must be 'gs://bucket/path'"),
        ("gs://b/t.csv", "gs://b/t.txt", "targets.kubeflow.data: must be a .csv, .csv.gz, .parquet file"),
        ("gs://b/m", "gs://b/m/", "targets.kubeflow.serving: must be 'gs://bucket/path'"),
        ("serving: gs://b/m, ", "", "targets.kubeflow.serving: this key is missing. Add it."),
        ("{engine: dataflow, options: [--region=x]}", "[--runner=X]", "targets.vertex.beam: must be a mapping with the key engine"),
        ("--region=x", "runner", "targets.vertex.beam.options: must be flags of Beam"),
        ("retries: 2", "baseline: models/7", "targets.kubeflow.baseline: must be the address of a Model artifact"),
        ("http://k:80", "k:80", "targets.kubeflow.host: String should match pattern '^https?"),
        ("team: fares", "Team: fares", "targets.vertex.labels: labels are made of a-z, 0-9, '_' and '-'"),
        ("serving: /gcs/b/m, ", "", "targets.vertex: needs either 'serving', a folder, or 'endpoint'."),
        ("project: some", "host: x", "targets.vertex.host: unknown key"),
        ("retries: 2", "schema: gs://b/s.pbtxt", "targets.kubeflow.schema: this key is given, and no 'schema' stands"),
    ],
)  # fmt: skip
def test_each_mistake_in_targets_gets_one_line(tmp_path, old, new, message):
    assert old in TARGETS
    assert message in one_line(tmp_path, GOOD + TARGETS.replace(old, new, 1))


def test_a_schema_must_be_on_every_target_too(tmp_path):
    (tmp_path / "s.pbtxt").write_text("")
    with pytest.raises(ConfigError, match=r"targets\.kubeflow\.schema: this key is missing, and 'schema' stands"):
        load(tmp_path, GOOD + "schema: s.pbtxt\n" + TARGETS)


def test_an_indicator_must_not_take_a_columns_name(tmp_path):
    with pytest.raises(
        ConfigError, match="its missing indicator would be called 'x_missing', which is a column already"
    ):
        load(tmp_path, GOOD.replace("x: numeric", "x: {kind: numeric, indicator: true}, x_missing: numeric"))
    with pytest.raises(ConfigError, match="would be called 'x_missing', which is a column already"):
        load(tmp_path, GOOD.replace("x: numeric", "x: {kind: integer, indicator: true}, x_missing: boolean"))


@pytest.mark.parametrize("name", ["class", "Unit price", "Größe (cm)", "self", "a/b", "inputs", "x,y"])
def test_a_feature_may_have_any_name(tmp_path, name):
    config = load(tmp_path, GOOD.replace("x: numeric", f"{name!r}: numeric"))
    assert name in config.features


def test_a_name_that_no_caller_could_send_is_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"features: 'a\\x00b' is no name that a caller could send"):
        load(tmp_path, GOOD.replace("x: numeric", r'"a\0b": numeric'))


def test_boundaries_that_32_bit_floats_cannot_tell_apart_are_refused(tmp_path):
    buckets = "x: {kind: buckets, boundaries: [1700000001, 1700000002]}"
    with pytest.raises(ConfigError, match=r"1700000001.0 and 1700000002.0 are one number as 32-bit floats"):
        load(tmp_path, GOOD.replace("x: numeric", buckets))
    whole = buckets.replace("]}", "], whole: true}")
    assert load(tmp_path, GOOD.replace("x: numeric", whole)).features["x"].whole


DROPS = GOOD.replace("x: numeric,", "x: numeric, b: boolean, n: {kind: integer, wide: true},")


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("c: {below: 1}", "data.drop.c: below and above are for numbers, and 'c' is a text. Use missing or values"),
        (
            "b: {above: 1}",
            "data.drop.b: below and above are for numbers, and 'b' is a truth value. Use missing or values",
        ),
        (
            "x: {values: [1]}",
            "data.drop.x: values are for texts and truth values, and 'x' is a number. Use below and above",
        ),
        ("n: {values: [1]}", "data.drop.n: values are for texts and truth values, and 'n' is a number."),
        ("y: {values: [1]}", "data.drop.y: values are for texts and truth values, and 'y' is a number."),
        ("b: {values: [maybe]}", "data.drop.b.values: 'b' is a truth value: true, false or both. Received ['maybe']"),
        ("c: {}", "data.drop.c: drops no row. Give missing: true, below, above or values, or remove the rule."),
        ("c: {values: []}", "data.drop.c.values: "),
    ],
)
def test_a_drop_rule_suits_its_column(tmp_path, rule, message):
    text = DROPS.replace("data: {path: t.csv,", f"data: {{path: t.csv, drop: {{{rule}}},")
    assert message in one_line(tmp_path, text)


def test_drop_rules_for_texts_and_truth_values(tmp_path):
    drop = "{c: {missing: true, values: [TRUE, 7.0, ' a ']}, b: {values: [no-such, false]}, note: {values: [test]}, z: {below: 1}}"
    with pytest.raises(ConfigError, match=r"data\.drop\.b\.values"):
        load(tmp_path, DROPS.replace("data: {path: t.csv,", f"data: {{path: t.csv, drop: {drop},"))
    drop = drop.replace("no-such, ", "")
    spec = load(tmp_path, DROPS.replace("data: {path: t.csv,", f"data: {{path: t.csv, drop: {drop},")).table_spec()
    assert spec.drop["c"].values == ["true", "7", " a "]
    assert (spec.numbers, spec.integers, spec.wide, spec.booleans, spec.texts) == (
        ["x", "h", "y", "z"],
        ["n"],
        ["n"],
        ["b"],
        ["c", "note"],
    )


def test_a_slice_that_is_a_feature_keeps_its_kind_and_another_is_a_text(tmp_path):
    text = DROPS.replace("slices: [[c], {columns: [h]", "slices: [[c], [b, region], {columns: [n]")
    text = text.replace("{kind: buckets, boundaries: [6, 10]}", "{kind: buckets, boundaries: [6, 10], whole: true}")
    spec = load(tmp_path, text).table_spec()
    assert (spec.numbers, spec.integers, spec.booleans, spec.texts) == (["x", "y"], ["n", "h"], ["b"], ["c", "region"])
    assert spec.features == ["x", "b", "n", "c", "h"]


@pytest.mark.parametrize("text", ["", "- 1", "just text"])
def test_a_file_that_is_no_mapping(tmp_path, text):
    with pytest.raises(ConfigError, match="expected a mapping"):
        load(tmp_path, text)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(ConfigError, match="can't read the configuration"):
        load_config(tmp_path / "none.yaml")


@pytest.mark.parametrize(
    ("split", "message"),
    [
        (
            "{train: 0.8, valid: 0.2}",
            "data.split.valid: unknown key; did you mean 'eval'",
        ),
        (
            "{train: 1, eval: 0}",
            "data.split.eval: must be between 0.0001 and 1; leave a split that gets no rows out. Received 0",
        ),
        ("{eval: 1}", "data.split: needs 'train', the part of the rows to fit."),
        ("{by: h}", "data.split: 'by' needs 'eval_from', the first value that is held out."),
        ("{eval_from: 3}", "data.split: eval_from and test_from need 'by', the column that they are values of."),
        ("{by: h, eval_from: 3, train: 1}", "data.split: rows are split by time ('by') or by parts"),
        (
            "{by: h, eval_from: soon}",
            "data.split: expected a number, a date or a time such as 2024-01-31; received 'soon'.",
        ),
        ("{by: h, eval_from: 3, test_from: 2}", "data.split: test_from must come after eval_from."),
        (
            "{by: h, eval_from: 3, test_from: 2024-01-01}",
            "data.split: eval_from and test_from must both be numbers, or both",
        ),
        (
            "{by: h, eval_from: 3}, split_by: c",
            "data: rows are split by time (split.by) or by a column's values (split_by)",
        ),
    ],
)
def test_a_split_that_says_too_little_or_too_much(tmp_path, split, message):
    assert message in one_line(tmp_path, GOOD.replace("{train: 0.8, eval: 0.2}", split, 1))


@pytest.mark.parametrize(
    ("split", "shares", "starts"),
    [
        ("{train: 1}", {"train": 1}, {}),
        ("{train: 0.7, eval: 0.2, test: 0.1, seed: 3}", {"train": 7, "eval": 2, "test": 1}, {}),
        ("{eval: 0.333333, train: 0.666667}", {"train": 6667, "eval": 3333}, {}),
        ("{by: day, eval_from: 2024-04-01}", {}, {"eval": "2024-04-01"}),
        ("{by: day, eval_from: 2024-04-01 12:00:00Z, test_from: 2025-01-01}", {},
         {"eval": "2024-04-01 12:00:00Z", "test": "2025-01-01"}),
        ("{by: hour, eval_from: 18}", {}, {"eval": 18.0}),
    ],
)  # fmt: skip
def test_ways_to_split(tmp_path, split, shares, starts):
    text = GOOD.replace("{train: 0.8, eval: 0.2}", split, 1).replace(SGD, "l2: auto")
    config = load(tmp_path, text.replace(", limits: {r_squared: {min: 0}}", ""))
    rule = config.table_spec().split
    assert rule.shares == shares
    assert (rule.time.starts if rule.time else {}) == starts
    assert config.data.held_out == ("eval" in {**shares, **starts})


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("", "", "data.split: no rows are held out to judge gradient descent by. Add an eval split."),
        (SGD, "l2: 0.0", "evaluate.slices: no rows are held out to judge slices by. Remove their limits, or add an eval split."),
        (f"{SGD}}}\nevaluate:\n  limits: {{mean_squared_error", "l2: 0.0}\nevaluate:\n  limits: {mean_absolute_error",
         "evaluate.limits.mean_absolute_error: no rows are held out, and cross-validation gives mean_squared_error, root"),
    ],
)  # fmt: skip
def test_what_cant_be_judged_without_held_out_rows(tmp_path, old, new, message):
    text = GOOD.replace("{train: 0.8, eval: 0.2}", "{train: 1}")
    assert old in text
    assert message in one_line(tmp_path, text.replace(old, new, 1))


FAMILY = """
name: claims
data: {path: t.csv}
label: y
features: {x: numeric, c: {kind: categorical, vocabulary: 5}}
"""


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("positive: yes", "positive: is for families of classes; gaussian has none. Set model.family: binomial"),
        ("positive: NA\nmodel: {family: binomial}", "positive: 'NA' is one of data.missing, and stands for nothing"),
        ("exposure: e\nmodel: {family: binomial}", "exposure: is for the link log; that of binomial is logit"),
        ("offset: o\nexposure: e\nmodel: {family: poisson}", "offset and exposure: give one of them"),
        ("offset: y", "offset: 'y' is the label. Name another column"),
        ("weight: w\nexposure: w\nmodel: {family: poisson}", "exposure: 'w' is the weight. Name another column"),
        ("offset: x", "features.x: 'x' is the offset; it can't be a feature too"),
        ("exposure: x\nmodel: {family: poisson}", "features.x: 'x' is the exposure; it can't be a feature too"),
        (
            "model: {family: binomial, class_weight: {no: 1, yes: 5}}",
            "model.class_weight: the classes of a label of numbers are 0 and 1; received no, yes",
        ),
        (
            "positive: won\nmodel: {family: binomial, class_weight: {no: 1, yes: 5}}",
            "model.class_weight: lacks the class 'won' (positive). Received no, yes",
        ),
        ("model: {family: poisson, threshold: 0.3}", "threshold: is for families of classes; poisson has none"),
        (
            "model: {family: poisson}\nevaluate: {limits: {r_squared: {min: 0}}}",
            "evaluate.limits.r_squared: is no metric of the family poisson",
        ),
    ],
)
def test_each_mistake_about_a_family_gets_one_line(tmp_path, more, message):
    assert message in one_line(tmp_path, FAMILY + more)


@pytest.mark.parametrize(
    ("written", "positive"), [("true", "true"), ("1", "1"), ("2.0", "2"), ('"yes"', "yes"), ("no", "no")]
)
def test_the_positive_value_is_the_text_that_a_table_has(tmp_path, written, positive):
    config = load(tmp_path, f"{FAMILY}positive: {written}\nmodel: {{family: binomial}}")
    spec = config.table_spec()
    assert (config.positive, spec.positive, spec.family) == (positive, positive, "binomial")
    assert (spec.numbers, spec.texts) == (["x"], ["c", "y"])


def test_an_offset_is_a_column_of_numbers_and_no_feature(tmp_path):
    for key, exposed in (("offset", False), ("exposure", True)):
        config = load(tmp_path, f"{FAMILY}{key}: e\nmodel: {{family: tweedie, power: 1.7}}")
        spec = config.table_spec()
        assert (spec.offset, spec.exposed, spec.family) == ("e", exposed, "tweedie(power=1.7)")
        assert "e" in spec.numbers and "e" in spec.features
        assert "e" not in config.features


def test_constraints_suit_the_features(tmp_path):
    text = GOOD.replace(SGD, "constraints: {x: {min: 0, max: 2}, h: increasing}")
    assert load(tmp_path, text).model.constraints["h"] == "increasing"
    assert "model.constraints.z: there is no feature of this name" in one_line(tmp_path, text.replace("{x: {", "{z: {"))
    assert "model.constraints.c: categorical has several" in one_line(tmp_path, text.replace("h: inc", "c: inc"))
    assert "model.constraints.h: Input should be 'positive'" in one_line(tmp_path, text.replace("increasing", "up"))
    assert "model.constraints.x: min must be at most max" in one_line(tmp_path, text.replace("min: 0", "min: 3"))
    assert "model.constraints: unknown key" in one_line(tmp_path, GOOD.replace(SGD, f"{SGD}, constraints: {{}}"))
