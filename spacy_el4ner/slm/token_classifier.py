"""The supervised tagger: any encoder of tokens and a linear layer over tags."""

from collections.abc import Callable
from typing import Any

from spacy.tokens import Doc
from thinc.api import Dropout, Linear, Model, chain, with_array, zero_init
from thinc.types import Floats2d


def token_classifier_v1(
    tok2vec: Model[list[Doc], list[Floats2d]],
    nO: int | None = None,  # noqa: N803
    gain: float = 1.0,
) -> Model[list[Doc], list[Floats2d]]:
    """tok2vec (Model): Gives each token a vector: a tok2vec, or a listener to a component that has one.
    nO (int | None): Number of tags; None until the labels are known.
    gain (float): Factor by which the scores learn faster than the weights below them. A learning rate
        that suits a pretrained encoder is far too small for a new layer, and the optimizer has only one
        rate; 10 works well with such an encoder.
    RETURNS (Model): Gives each token a score (logit) of each tag, (tokens, tags) for each document.

    The scores are logits, not probabilities, because a probability of 1e-50 is 0 in 32 bits, but its
    logarithm is needed for entropies, for well-formed taggings and for temperatures.
    """
    width = tok2vec.get_dim("nO") if tok2vec.has_dim("nO") else None
    output: Model[Floats2d, Floats2d] = Linear(nO, width, init_W=zero_init)
    dropout: Model[Any, Any] = Dropout()  # training sets its rate
    model: Model[list[Doc], list[Floats2d]] = chain(
        tok2vec, with_array(chain(dropout, output, _amplify(gain)))
    )
    model.set_ref("tok2vec", tok2vec)
    model.set_ref("output_layer", output)
    return model


def _amplify(gain: float) -> Model[Floats2d, Floats2d]:
    return Model("amplify", _forward, attrs={"gain": gain})


def _forward(
    model: Model[Floats2d, Floats2d], rows: Floats2d, is_train: bool
) -> tuple[Floats2d, Callable[[Floats2d], Floats2d]]:
    gain = model.attrs["gain"]
    return rows * gain, lambda gradient: gradient * gain
