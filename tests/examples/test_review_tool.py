SCRIPT = """
    from pathlib import Path

    import spacy
    from spacy.tokens import Span

    from spacy_el4ner.review.choice import Disputed
    from spacy_el4ner.review.tools import find_tool, review_tools
    from spacy_el4ner.types import Mention

    doc = spacy.blank("en")("Ann, 30, left Oslo.")
    doc.ents = [Span(doc, 0, 1, label="PERSON"), Span(doc, 5, 6, label="ORG")]
    tool = find_tool("spreadsheet")
    content = tool.write([Disputed(doc, "a", ((Mention(0, 3, "PERSON"), 0.5),))])
    Path("corrected.csv").write_text(content.replace("ORG", "GPE"), newline="")
    print(*review_tools())
    for text in tool.read(Path("corrected.csv")):
        print(text.id, text.text, text.entities)
"""


def test_a_review_tool_is_one_of_the_choices_and_takes_corrections_back(run_script):
    assert run_script(SCRIPT).splitlines() == [
        "doccano label-studio prodigy spreadsheet",
        "a Ann, 30, left Oslo. ((0, 3, 'PERSON'), (14, 18, 'GPE'))",
    ]
