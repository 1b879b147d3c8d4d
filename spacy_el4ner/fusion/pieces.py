"""Labels of tokens spread over the pieces that a tokenizer splits them into (Xu et al. 2025, Table 1).

For taggers that are trained on pieces. In a pipeline the tok2vec or transformer pools the pieces of a
token into one vector, and nothing is spread.
"""


def spread(tag: str, pieces: int) -> list[str]:
    """tag (str): The BILUO tag of a token.
    pieces (int): How many pieces the token is split into.
    RETURNS (list[str]): A tag each; together they spell the same part of an entity.
    """
    role, _, label = tag.partition("-")
    if pieces < 2 or not label:
        return [tag] * pieces
    first = "B" if role in "BU" else "I"
    last = "L" if role in "LU" else "I"
    return [f"{first}-{label}", *[f"I-{label}"] * (pieces - 2), f"{last}-{label}"]
