SCRIPT = """
    import warnings

    warnings.simplefilter("ignore")

    from spacy_el4ner.evaluation.fusion_tables import title
    from spacy_el4ner.explain.structure import explain
    from spacy_el4ner.fusion.rules.registered import find_rule
    from tests.pipeline.taggers import SENTENCES, Scripted, annotated, trained

    GAPS = "[PERSON Zorro] left .\\n[PERSON Zorro] met Quux ."
    nlp = trained(30)
    fusion = nlp.get_pipe("slm_llm_fusion")
    fusion.llm = Scripted({"Zorro": "PERSON", "Bill paid": "ORG"})
    docs = [annotated(nlp.vocab, line) for line in f"{SENTENCES}\\n{GAPS}".splitlines()]
    report = fusion.calibrate(docs, rule="plugins.FillGaps.v1", folds=2, repeats=1)
    fusion.apply(report, nlp=nlp)
    print(sorted(rule.name for rule in report.rules))
    print(fusion.fitted_rule.threshold < 0.99, nlp.get_pipe_config("slm_llm_fusion")["rule"])
    print([e.text for e in nlp("Zorro left .").ents], [e.text for e in nlp("Bill paid .").ents])
    print(title("fusion_fill_gaps"), explain(nlp, fusion, "Zorro left .")["settings"]["rule"])
    other = trained(1).get_pipe("slm_llm_fusion")
    other.rule = find_rule("fill_gaps")[1]
    other.from_bytes(fusion.to_bytes())
    print(other.fitted_rule == fusion.fitted_rule)
"""


def test_a_rule_is_calibrated_applied_explained_and_saved(run_script):
    ranked, fitted, entities, titled, restored = run_script(SCRIPT).splitlines()
    assert "'fill_gaps'" in ranked
    assert "'paper'" in ranked
    assert fitted == "True {'@el4ner_fusion_rules': 'plugins.FillGaps.v1'}"
    assert entities == "['Zorro'] ['Bill']"
    assert titled == "fusion, gaps filled fill_gaps"
    assert restored == "True"
