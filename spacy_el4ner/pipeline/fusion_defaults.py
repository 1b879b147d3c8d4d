"""The settings of `slm_llm_fusion`, as they are where nothing is said."""

DEFAULT_CONFIG = """
[slm_llm_fusion]
# Label -> description, which the language model reads. Empty: taken from the examples of initialize().
labels = {}
# The language model, a spacy-el4ner.Tagger.v1 block. null: the tagger alone, as for training it.
llm = null
# Who is believed where the two disagree: paper, scaled, learned (after `el4ner calibrate`), slm, llm.
rule = "paper"
# Which sentences the language model is asked about: always, or uncertain, where the tagger is unsure.
route = "always"
# Demonstrations in a prompt.
k = 5
# Sentences that are read at a time.
max_sentences = 1
# Where the mentions of both models go, overlapping ones too.
spans_key = "el4ner"
# Whether entities already in the document may be replaced.
overwrite_ents = false
# What to do with a document that fails: raise, warn or skip. It is yielded in any case.
on_error = "warn"

# The tagger (SLM).
[slm_llm_fusion.model]
@architectures = "spacy-el4ner.TokenClassifier.v1"

# Gives each token a vector: any tok2vec or transformer listener.
[slm_llm_fusion.model.tok2vec]
@architectures = "spacy.HashEmbedCNN.v2"
pretrained_vectors = null
width = 96
depth = 4
embed_size = 2000
window_size = 1
maxout_pieces = 3
subword_features = true

# Finds the demonstrations: SentenceSimilarity.v1 or another retriever that needs no spans.
[slm_llm_fusion.retriever]
@misc = "spacy-el4ner.SentenceSimilarity.v1"

# Embeds the sentences.
[slm_llm_fusion.retriever.encoder]
@misc = "spacy-el4ner.SentenceTransformer.v1"
model = "sentence-transformers/all-MiniLM-L6-v2"

# Scores nlp.evaluate().
[slm_llm_fusion.scorer]
@scorers = "spacy-el4ner.Scorer.v1"
"""
