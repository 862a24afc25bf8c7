from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import anomalies_pb2

from components.data_gate.anomalies import describe


def parse(text):
    return text_format.Parse(text, anomalies_pb2.Anomalies())


def test_every_reason_is_said_with_feature_rule_and_what_was_seen():
    found = parse(
        """
        anomaly_info {
          key: "payment"
          value {
            description: "both" short_description: "Multiple errors"
            reason { short_description: "Unexpected string values"
                     description: "Examples contain values missing from the schema: Card (~9%). " }
            reason { short_description: "Missing values" description: "Some examples have fewer values than expected." }
          }
        }
        dataset_anomaly_info { short_description: "Low num examples in dataset." description: "3 < 10" }
        """
    )
    rows = describe({"eval": found, "train": anomalies_pb2.Anomalies()})
    assert [(row.feature, row.rule) for row in rows] == [
        ("payment", "Unexpected string values"),
        ("payment", "Missing values"),
        ("(table)", "Low num examples in dataset"),
    ]
    assert str(rows[0]) == (
        "split eval, feature payment: Unexpected string values. "
        "Seen: Examples contain values missing from the schema: Card (~9%)."
    )


def test_no_rows_is_an_anomaly():
    assert describe({"train": parse("data_missing: true")})[0].rule == "Rows must be there"


def test_nothing_wrong_is_nothing_said():
    assert describe({"train": anomalies_pb2.Anomalies()}) == []
