from tests.pipeline.config.test_label import load


def test_what_people_know_is_read_and_is_no_part_of_the_fingerprint(tmp_path):
    text = "label: price\n"
    plain = load(tmp_path, text)
    told = load(tmp_path, text + "about: {purpose: Prices that are quoted., owner: pricing@example.com}\n")
    assert (told.about.purpose, told.about.owner) == ("Prices that are quoted.", "pricing@example.com")
    assert (told.about.limits, told.about.licence) == (None, None)
    assert plain.about.purpose is None
    assert plain.fingerprint() == told.fingerprint()
