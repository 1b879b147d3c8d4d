from spacy_el4ner.cli.show import UNKNOWN
from tests.bulk.inputs import save_ruler
from tests.cli.runner import run


def test_each_line_is_a_text_and_entities_of_other_components_are_shown(tmp_path):
    pipeline = save_ruler(tmp_path / "pipeline")
    texts = tmp_path / "texts.txt"
    texts.write_bytes("Bill\u2028left\x85Paris.\nNobody was there.\n".encode())
    output = run("show", pipeline, texts)
    assert "Bill\u2028left\x85Paris." in output
    assert output.count("(no entity)") == 1
    assert output.count(UNKNOWN) == 4  # confidence and reason of Bill and of Paris
