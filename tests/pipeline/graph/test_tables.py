from rich.console import Console

from components.model_gate.tables import Confusion, Tables, Tenth
from pipeline.graph.tables import print_tables


def printed(tables):
    console = Console(width=120, record=True)
    print_tables(console, tables)
    return [line.split() for line in console.export_text().splitlines()]


def test_the_confusion_matrix_and_the_tenths():
    confusion = Confusion(
        threshold=0.25, classes=["no", "yes"], true_positive=1234, false_positive=2, false_negative=3.5, true_negative=4
    )
    lines = printed(
        Tables(
            tenths=[Tenth(rows=1500, mean_prediction=0.125, mean_label=0.2)],
            confusion=confusion,
            brackets={"auc": 1.26e-5, "auc_precision_recall": 0.0},
        )
    )
    assert lines == [
        "confusion matrix at the threshold 0.25:".split(),
        "label predicted no predicted yes".split(),
        ["no", "4", "2"],
        ["yes", "3.5", "1,234"],
        "calibration by tenths of the predictions:".split(),
        "rows mean prediction mean label".split(),
        ["1,500", "0.125", "0.2"],
        "computed from bins of the predictions, to within auc ±1.26e-05".split(),
    ]


def test_counts_have_tenths_alone():
    lines = printed(Tables(tenths=[Tenth(rows=15, mean_prediction=1.5, mean_label=2)]))
    assert len(lines) == 3
