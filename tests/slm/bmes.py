"""The tag scheme by its rules, to check the package's against."""

from spacy_el4ner.slm.tags import BEGIN, INSIDE, LAST, ROLES


def is_legal(ids):
    """Whether every entity begins, goes on and ends as the scheme says."""
    open_label = None
    for tag in ids:
        label, role = divmod(int(tag) - 1, len(ROLES))
        goes_on = tag and role in (INSIDE, LAST)
        if open_label != (label if goes_on else None):
            return False
        open_label = label if tag and role in (BEGIN, INSIDE) else None
    return open_label is None


def spread(tag, pieces):
    """The tags of the pieces of a token (Xu et al. 2025, Table 1)."""
    role, _, label = tag.partition("-")
    if pieces < 2 or not label:
        return [tag] * pieces
    first = "B" if role in "BU" else "I"
    last = "L" if role in "LU" else "I"
    return [f"{first}-{label}", *[f"I-{label}"] * (pieces - 2), f"{last}-{label}"]
