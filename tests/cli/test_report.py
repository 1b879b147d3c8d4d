from functools import partial

import pytest
import spacy
from spacy.tokens import DocBin

from tests.cli.runner import call
from tests.html_report.conftest import METRICS
from tests.html_report.documents import TEXT, annotated, doc, vote, voted

report = partial(call, "report")


@pytest.fixture
def files(tmp_path):
    """Annotated documents, their gold documents, and a pipeline."""
    found = annotated(TEXT, [("Acme", "ORG", voted(vote("a", "ORG")))])
    DocBin(docs=[found], store_user_data=True).to_disk(tmp_path / "docs.spacy")
    gold = [doc(TEXT, ("Acme", "ORG")), doc("Rain fell.")]
    DocBin(docs=gold, store_user_data=True).to_disk(tmp_path / "gold.spacy")
    nlp = spacy.blank("en")
    nlp.add_pipe("entity_ruler").add_patterns([{"label": "GPE", "pattern": "Paris"}])
    nlp.to_disk(tmp_path / "pipeline")
    return tmp_path


def test_it_writes_a_page_of_annotated_documents(files):
    out = files / "deep" / "report.html"
    result = report(METRICS, out, "--docs", files / "docs.spacy", "--gold", files / "gold.spacy")
    assert result.exit_code == 0, result.output
    assert "1 documents, with gold entities" in " ".join(result.output.split())  # lines are folded
    assert '"label":"ORG"' in out.read_text(encoding="utf8")


def test_it_annotates_by_itself_without_seeing_the_gold_entities(files):
    out = files / "report.html"
    pipeline = ("--pipeline", files / "pipeline")
    result = report(METRICS, out, *pipeline, "--gold", files / "gold.spacy", "--limit", 1)
    assert result.exit_code == 0, result.output
    html = out.read_text(encoding="utf8")
    units = TEXT.index("Paris") + 3  # the emoji's three characters beyond 16 bits
    assert f'"found":[{{"start":{units},' in html
    assert '"outcome":"spurious"' in html
    assert "Rain fell" not in html


def test_gold_texts_are_cut_as_the_pipeline_cuts(files):
    nlp = spacy.blank("zh")
    nlp.add_pipe("entity_ruler").add_patterns([{"label": "NR", "pattern": "懷王"}])
    nlp.to_disk(files / "zh")
    (files / "gold.jsonl").write_text('{"text": "歸告懷王。", "entities": [[2, 4, "NR"]]}\n', "utf8")
    out = files / "report.html"
    result = report(METRICS, out, "--pipeline", files / "zh", "--gold", files / "gold.jsonl")
    assert result.exit_code == 0, result.output
    assert '"outcome":"right"' in out.read_text(encoding="utf8")


def test_gold_texts_beside_documents_are_cut_by_a_language(files):
    mention = ("懷王", "NR", voted(vote("a", "NR")))
    found = annotated("歸告懷王。", [mention], nlp=spacy.blank("zh"))
    DocBin(docs=[found], store_user_data=True).to_disk(files / "zh.spacy")
    (files / "gold.jsonl").write_text('{"text": "歸告懷王。", "entities": [[2, 4, "NR"]]}\n', "utf8")
    out = files / "report.html"
    docs, gold = ("--docs", files / "zh.spacy"), ("--gold", files / "gold.jsonl")
    result = report(METRICS, out, *docs, *gold, "--lang", "zh")
    assert result.exit_code == 0, result.output
    assert '"outcome":"right"' in out.read_text(encoding="utf8")


def test_figures_alone_will_do(files):
    assert report(METRICS, files / "report.html").exit_code == 0


def test_mistakes_are_told_without_a_traceback(files):
    docs, gold = ("--docs", files / "docs.spacy"), ("--gold", files / "gold.spacy")
    pipeline = ("--pipeline", files / "pipeline")
    for arguments, said in (
        ((files, files / "out.html"), "EL100"),
        ((METRICS, files / "out.html", *docs, *pipeline, *gold), "EL104"),
        ((METRICS, files / "out.html", *pipeline), "EL104"),
        ((METRICS, files / "out.html", *gold), "EL104"),
        ((METRICS, files / "out.html", "--docs", files / "none.spacy"), "none.spacy"),
        ((METRICS, files / "out.html", "--pipeline", files / "no", *gold), "no"),
    ):
        result = report(*arguments)
        assert result.exit_code == 1
        assert isinstance(result.exception, SystemExit)
        assert said in result.output
    assert not (files / "out.html").exists()
