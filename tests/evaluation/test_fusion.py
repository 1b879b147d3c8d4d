import json

import pytest
from spacy.training import Example

from spacy_el4ner.backends.hf import HFBackend
from spacy_el4ner.evaluation import fusion_tables
from spacy_el4ner.evaluation.fusion import FusionBench, without_adapter
from spacy_el4ner.fusion.calibration import Calibration
from spacy_el4ner.fusion.routing import uncertainty
from spacy_el4ner.fusion.rules.paper import PaperRule
from spacy_el4ner.fusion.rules.slm import SLMRule
from spacy_el4ner.fusion.tagging_llm import TaggingLLM
from spacy_el4ner.scorer import score
from tests.pipeline.taggers import Scripted, bare, examples, trained

NAME = "slm_llm_fusion"
BASE = Scripted({"bill": "PERSON"}, sure=0.6)
LLM = Scripted({"Bill": "PERSON", "Oslo": "GPE", "office": "ORG"}, sure=0.7)


@pytest.fixture(scope="module")
def nlp():
    nlp = trained(steps=12, llm=None)
    component = nlp.get_pipe(NAME)
    component.llm = LLM
    component.set_pool(eg.reference for eg in examples(nlp))
    unsure = sorted(uncertainty(c.slm) for c in component.cases(examples(nlp)))
    component.calibration = Calibration(threshold=unsure[len(unsure) // 2])
    return nlp


@pytest.fixture(scope="module")
def gold(nlp):
    return [eg.reference for eg in examples(nlp)]


@pytest.fixture(scope="module")
def rows(nlp, gold):
    return FusionBench(nlp, NAME, gold, BASE).rows(lambda _: None)


def test_every_row_is_there(rows):
    wanted = ["few_shot", "similarity", "sft_few_shot", "sft_similarity", "slm"]
    assert list(rows) == [*wanted, "fusion_paper", "fusion_scaled", "fusion", "routed"]
    assert rows["fusion"]["rule"] == "paper"


def test_the_fusion_scores_what_the_pipeline_does(nlp, gold, rows):
    texts = [eg.predicted for eg in examples(nlp)]
    predicted = list(nlp.pipe(texts))
    found = score([Example(p, g) for p, g in zip(predicted, gold, strict=True)])
    for key in ("ents_p", "ents_r", "ents_f"):
        assert rows["fusion"][key] == pytest.approx(found[key])


def test_what_is_not_annotated_is_neither_right_nor_wrong(nlp):
    gold = [eg.reference.copy() for eg in examples(nlp)]
    known = gold[::2]
    for doc in gold[1::2]:
        doc.set_ents([], default="missing")
    some, all_ = (FusionBench(nlp, NAME, docs).rows(lambda _: None) for docs in (known, gold))
    for name in ("slm", "fusion"):
        for key in ("ents_p", "ents_r", "ents_f", "ents_per_type", "token_macro_f"):
            assert all_[name][key] == some[name][key]
        error = "expected_calibration_error"
        assert all_[name][error] == pytest.approx(some[name][error], abs=1e-3)
    found = score([Example(p, g) for p, g in zip(nlp.pipe(map(bare, gold)), gold, strict=True)])
    assert all_["fusion"]["ents_f"] == pytest.approx(found["ents_f"])


def test_the_tagger_alone_scores_what_the_pipeline_does_without_a_language_model(nlp, gold, rows):
    component = nlp.get_pipe(NAME)
    component.rule = SLMRule()
    predicted = list(nlp.pipe(eg.predicted for eg in examples(nlp)))
    component.rule = PaperRule()
    found = score([Example(p, g) for p, g in zip(predicted, gold, strict=True)])
    assert rows["slm"]["ents_f"] == pytest.approx(found["ents_f"])
    assert rows["slm"]["asked"] == 0


def test_a_fusion_that_only_believes_the_tagger_asks_nobody(nlp, gold):
    component = nlp.get_pipe(NAME)
    component.rule = SLMRule()
    rows = FusionBench(nlp, NAME, gold).rows(lambda _: None)
    component.rule = PaperRule()
    assert rows["fusion"]["asked"] == rows["routed"]["asked"] == 0
    assert rows["fusion"]["ents_f"] == rows["slm"]["ents_f"]


def test_routing_asks_less(rows):
    assert 0 < rows["routed"]["asked"] < rows["fusion"]["asked"] == 1


def test_the_base_is_read_as_the_fine_tuned_model_is(rows):
    assert rows["similarity"]["ents_f"] == 0
    assert rows["sft_similarity"]["ents_f"] > 0


def test_before_fine_tuning_only_the_adapter_is_missing():
    quantization = {"load_in_8bit": True}
    backend = HFBackend("some/model", adapter="a", revision="v2", quantization=quantization)
    component = trained(steps=0).get_pipe(NAME)
    component.llm = TaggingLLM(backend, max_tokens=7)
    before = without_adapter(component, None)
    assert before.max_tokens == 7
    assert before.backend.identity == {**backend.identity, "adapter": None}
    assert component.llm.backend is backend
    component.llm = TaggingLLM(before.backend)
    assert without_adapter(component, None) is None


def test_gold_entities_are_out_of_reach_until_a_row_is_scored(nlp, gold):
    bench = FusionBench(nlp, NAME, gold)
    assert not any(doc.ents or doc.spans for doc in bench.docs)
    component = nlp.get_pipe(NAME)
    readings = bench.read(component.llm, component.retriever)
    assert not any(case.gold for case in [*bench.tagged, *readings.cases])


def test_the_report_says_what_the_file_says(rows, tmp_path):
    described = {"processor": "p", "threads": 1, "gpu": None, "python": "3"}
    metrics = json.loads(json.dumps({"rows": rows}))
    metrics |= {"name": "tiny", "slm": "tagger", "llm": "scripted", "machine": described}
    metrics |= {"date": "2026-01-01", "versions": {}, "seed": 0}
    metrics |= {"documents": 12, "documents_in_split": 12, "sentences": 12}
    text = fusion_tables.markdown(metrics, "x.png")
    assert f"| SLM | {rows['slm']['ents_p']:.3f} |" in text
    assert "| fusion, as chosen on the development split |" in text
    pytest.importorskip("matplotlib")
    fusion_tables.plot(metrics, tmp_path / "x.png")
    assert (tmp_path / "x.png").stat().st_size > 1000
