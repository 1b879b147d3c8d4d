import pytest
import torch

from spacy_el4ner.training.sft.weight_average import WeightAverage


@pytest.fixture
def model():
    made = torch.nn.Linear(2, 1)
    made.bias.requires_grad_(False)
    return made


def fill(model, value):
    with torch.no_grad():
        for weight in model.parameters():
            weight.fill_(value)


def test_the_first_steps_count_more_and_the_later_ones_by_the_decay(model):
    fill(model, 0.0)
    average = WeightAverage(model, 0.2)
    fill(model, 1.0)
    average.update(0)
    assert average.weights["weight"].tolist() == [[pytest.approx(0.9)] * 2]  # 1/10 of it is kept
    fill(model, 0.0)
    average.update(100)
    assert average.weights["weight"].tolist() == [[pytest.approx(0.18)] * 2]


def test_the_mean_is_in_place_while_the_block_lasts(model):
    fill(model, 0.0)
    average = WeightAverage(model, 0.9)
    fill(model, 2.0)
    with average.in_place():
        assert model.weight.tolist() == [[0.0, 0.0]]
        assert model.bias.tolist() == [2.0]  # it is not trained
    assert model.weight.tolist() == [[2.0, 2.0]]
    average.settle()
    assert model.weight.tolist() == [[0.0, 0.0]]
