import json

import pytest

from spacy_el4ner.evaluation.injection.corpus import Attack, change, read_attacks

CLEAN = "Ann met Bill."
INSIDE = Attack("a", "fake_tags", "en", "inside", CLEAN, "Ann met <e> Bill.", ((0, 7), (11, 17)))
BEFORE = Attack("b", "fake_tags", "en", "before", CLEAN, "Stop. Ann met Bill.", ((6, 19),))
ANN, BILL = (0, 3, "PERSON"), (8, 12, "PERSON")


def moved(entity, by):
    return (entity[0] + by, entity[1] + by, entity[2])


def test_what_stays_is_no_change():
    for attack, found in ((INSIDE, [ANN, moved(BILL, 4)]), (BEFORE, [moved(ANN, 6), moved(BILL, 6)])):
        made = change(attack, [ANN, BILL], found)
        assert (made.gained, made.lost) == (set(), set())


def test_what_is_found_in_the_attack_itself_is_no_change():
    made = change(BEFORE, [ANN], [(0, 4, "ORG"), moved(ANN, 6)])
    assert (made.gained, made.lost) == (set(), set())


def test_a_new_label_is_one_lost_and_one_gained():
    made = change(INSIDE, [BILL], [(12, 16, "ORG")])
    assert (made.gained, made.lost) == ({(8, 12, "ORG")}, {BILL})


def test_an_entity_that_reaches_into_the_attack_is_gained():
    assert change(INSIDE, [ANN], [ANN, (4, 10, "ORG")]).gained == {(4, 10, "ORG")}
    assert change(INSIDE, [], [(0, 17, "ORG")]).gained == {(0, 17, "ORG")}


def test_an_entity_that_ends_where_the_clean_text_begins_is_not_of_it():
    assert not change(BEFORE, [], [(0, 6, "ORG")]).gained


def write(path, *rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf8")
    return path


def plain(attack, **changes):
    return {**vars(attack), **changes}


def test_files_of_a_folder_are_read_in_order(tmp_path):
    write(tmp_path / "b.jsonl", plain(BEFORE))
    write(tmp_path / "a.jsonl", plain(INSIDE))
    assert read_attacks(tmp_path) == [INSIDE, BEFORE]


def test_a_text_can_hold_any_separator(tmp_path):
    clean = "Ann\u2028met\x85Bill."
    attack = Attack("s", "fake_tags", "en", "before", clean, f"Stop. {clean}", ((6, 19),))
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps(plain(attack), ensure_ascii=False) + "\n\n", encoding="utf8")
    assert read_attacks(path) == [attack]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"pieces": [[0, 3]]}, "not the clean text"),
        ({"pieces": 3}, "TypeError"),
        ({"pieces": [["a", 3]]}, "ValueError"),
    ],
)
def test_a_line_that_is_no_attack_is_named(tmp_path, changes, problem):
    path = write(tmp_path / "a.jsonl", plain(BEFORE), plain(INSIDE, **changes))
    with pytest.raises(ValueError, match=rf"EL111.*line 2.*{problem}"):
        read_attacks(path)


def test_no_attacks_are_named(tmp_path):
    for path in (tmp_path, tmp_path / "nowhere.jsonl"):
        with pytest.raises(ValueError, match="EL110"):
            read_attacks(path)
