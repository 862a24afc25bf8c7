from components.linear_model.parts import parts_of


def test_each_column_of_a_feature_has_its_own_name():
    ordered = {"kind": "ordered", "levels": ["low", "mid ", "high"]}
    assert parts_of({**ordered, "contrasts": "polynomial"}) == ["^1", "^2"]
    assert parts_of({**ordered, "contrasts": "steps"}) == [">= 'mid '", ">= high"]
    assert parts_of({"kind": "text", "words": ["good", "sehr gut"]}) == ["good", "sehr gut"]
    assert parts_of({"kind": "polynomial", "degree": 2}) == ["^1", "^2"]
    assert parts_of({"kind": "categorical"}) == []
