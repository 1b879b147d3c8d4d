SCRIPT = """
    from pathlib import Path

    from spacy_el4ner.corpora import ConversionReport, read_docs

    report = ConversionReport()
    lines = ["[Ann Lee](PERSON) left [Oslo](GPE).", "It rained in [Lima](GPE)."]
    Path("mine.txt").write_text(chr(10).join(lines))
    for doc in read_docs(Path("mine.txt"), lang="en", report=report):
        print(doc.text, [(ent.text, ent.label_) for ent in doc.ents])
    print(*report.notes)
"""


def test_a_corpus_format_knows_its_files_by_their_content(run_script):
    assert run_script(SCRIPT).splitlines() == [
        "Ann Lee left Oslo. [('Ann Lee', 'PERSON'), ('Oslo', 'GPE')]",
        "It rained in Lima. [('Lima', 'GPE')]",
        "mine.txt: bracketed sentences, documents: 2",
    ]
