"""Speed: our decoding beside free generation and spaCy-llm, on the same model and texts in one run.

| module | idea |
|---|---|
| `sentences` | what is asked, as plain data that also goes to machines without spaCy |
| `asking` | the sentences of a corpus, asked as a pipeline asks them |
| `model` | one model that all systems share, and a meter on its forward passes |
| `random_model` | a model of a given shape with random weights, for machines without a hub |
| `systems`, `spacy_llm` | who is measured |
| `judge` | whether an answer is in the language of its format |
| `measure`, `memory` | clock, interleaving, medians |
| `ensemble` | the whole method, with and without sharing of prefixes |
| `record`, `run` | the file of rows, and going on where a run was cut off |
| `report` | the table and the plot |

Only `asking`, `ensemble` and `spacy_llm` need spaCy. Where there is none,
`python -m spacy_el4ner.evaluation.bench` measures the rest.
"""
