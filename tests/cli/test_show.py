from spacy_el4ner.cli.show import UNKNOWN
from tests.bulk.inputs import save_ruler
from tests.cli.runner import call, run


def test_each_line_is_a_text_and_entities_of_other_components_are_shown(tmp_path):
    pipeline = save_ruler(tmp_path / "pipeline")
    texts = tmp_path / "texts.txt"
    texts.write_bytes("Bill\u2028left\x85Paris.\nNobody was there.\n".encode())
    output = run("show", pipeline, texts)
    assert "Bill\u2028left\x85Paris." in output
    assert output.count("(no entity)") == 1
    assert output.count(UNKNOWN) == 4  # confidence and reason of Bill and of Paris


def test_the_texts_of_a_jsonl_file_are_shown(tmp_path):
    texts = tmp_path / "texts.jsonl"
    texts.write_text('{"text": "Nobody was there."}\n')
    output = run("show", save_ruler(tmp_path / "pipeline"), texts)
    assert "Nobody was there." in output
    assert "{" not in output


def test_a_line_that_is_no_text_is_named(tmp_path):
    texts = tmp_path / "texts.jsonl"
    texts.write_text('{"text": "Nobody was there."}\n{"words": 3}\n')
    result = call("show", save_ruler(tmp_path / "pipeline"), texts)
    assert result.exit_code == 1
    assert "EL346" in result.output
    assert "line 2" in result.output
