"""The fusion rules, one file each: they decide where the two models disagree."""
