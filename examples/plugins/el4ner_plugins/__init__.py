"""One example of each kind of plug-in for spacy-el4ner, one file each."""
