"""EL4NER: the four stages, the vote and the choice among overlapping candidates."""
