"""Speed: our decoding compared with free generation, spaCy-llm and langextract, on the same model and
texts.

| module | idea |
|---|---|
| `sentences` | sentences with their prompts, as plain data for machines without spaCy |
| `extraction_prompts` | the sentences of a corpus, with the prompts of a pipeline |
| `backends` | one model that all systems share, and a counter of its forward passes |
| `random_model` | a model of a given shape with random weights, for machines without a hub |
| `system` | what the measured systems have in common |
| `systems`, `spacy_llm`, `llama_cpp`, `langextract` | the measured systems |
| `judge` | validity of answers in the language of their format |
| `measure`, `memory` | clock, interleaving, medians |
| `ensemble` | the whole method, with and without sharing of prefixes |
| `settings`, `job` | the settings of a benchmark, and one benchmark of a pipeline |
| `record`, `run` | the file of rows, and continuing an interrupted run |
| `tables` | the table and the plot |

Only `extraction_prompts`, `ensemble`, `job` and the system `spacy_llm` need spaCy. Without it,
`python -m spacy_el4ner.evaluation.bench` measures the other systems.
"""
