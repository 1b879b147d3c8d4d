import numpy as np
import pytest
import spacy
from spacy.ml.models import build_hash_embed_cnn_tok2vec
from thinc.api import set_dropout_rate

from spacy_el4ner.slm.token_classifier import token_classifier_v1

NLP = spacy.blank("en")
DOCS = [NLP.make_doc(text) for text in ("Bill paid the bill.", "", "😀 in Paris")]


def make(**settings):
    tok2vec = build_hash_embed_cnn_tok2vec(
        width=16,
        depth=1,
        embed_size=50,
        window_size=1,
        maxout_pieces=2,
        subword_features=True,
        pretrained_vectors=None,
    )
    model = token_classifier_v1(tok2vec, **settings)
    model.get_ref("output_layer").set_dim("nO", 9)
    model.initialize(X=DOCS)
    return model


@pytest.fixture
def model():
    return make()


def test_every_token_has_a_score_of_every_tag(model):
    assert [rows.shape for rows in model.predict(DOCS)] == [(5, 9), (0, 9), (3, 9)]


def test_before_training_all_tags_are_equally_likely(model):
    assert all(not rows.any() for rows in model.predict(DOCS))


def test_scores_are_logits(model):
    output = model.get_ref("output_layer")
    output.set_param("b", np.arange(9, dtype="f") * 100)
    assert model.predict(DOCS)[0].max() == 800


def test_the_rate_of_dropout_is_that_of_training(model):
    output = model.get_ref("output_layer")
    output.set_param("W", np.ones_like(output.get_param("W")))
    set_dropout_rate(model, 0.5)
    first, second = (model.begin_update(DOCS)[0][0] for _ in range(2))
    assert not np.allclose(first, second)
    assert np.allclose(model.predict(DOCS)[0], model.predict(DOCS)[0])


def test_the_gradient_reaches_the_vectors(model):
    model.get_ref("output_layer").set_param("W", np.ones((9, 16), dtype="f"))
    _, backprop = model.begin_update(DOCS)
    backprop([np.ones((len(doc), 9), dtype="f") for doc in DOCS])
    embeds = [n for n in model.get_ref("tok2vec").walk() if n.has_param("E")]
    assert embeds
    assert all(node.get_grad("E").any() for node in embeds)


def test_a_gain_makes_the_scores_learn_faster():
    gains = []
    for gain in (1.0, 10.0):
        model = make(gain=gain)
        _, backprop = model.begin_update(DOCS)
        backprop([np.ones_like(rows) for rows in model.predict(DOCS)])
        gains.append(model.get_ref("output_layer").get_grad("b")[0])
    assert gains[1] == pytest.approx(10 * gains[0])
