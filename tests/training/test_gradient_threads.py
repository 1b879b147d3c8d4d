import pytest
import torch

from spacy_el4ner.training.gradient_threads import gradient_threads


@pytest.fixture
def model():
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Embedding(5, 3, sparse=True), torch.nn.Linear(3, 1))


def lost(model):
    return lambda items: model(torch.tensor(items)).square().sum()


@pytest.mark.parametrize("batch", [[0, 1, 2, 3], [4, 4, 1], [2]])
def test_gradients_are_those_of_the_mean_loss(model, batch):
    expected = lost(model)(batch) / len(batch)
    whole = torch.autograd.grad(expected, list(model.parameters()))
    with gradient_threads(list(model.parameters())) as threads:
        found = threads.backward(lost(model), batch)
    assert found == pytest.approx(expected.item())
    for parameter, gradient in zip(model.parameters(), whole, strict=True):
        assert torch.allclose(parameter.grad.to_dense(), gradient.to_dense())


def test_the_number_of_threads_does_not_matter_and_comes_back(model):
    before, found = torch.get_num_threads(), []
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            with gradient_threads(list(model.parameters())) as both:
                both.backward(lost(model), [0, 1, 2, 3, 4])
            found.append([p.grad.to_dense() for p in model.parameters()])
            assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)
    assert all(torch.equal(a, b) for a, b in zip(*found, strict=True))


def test_an_error_of_a_half_is_raised(model):
    def fails(items):
        raise RuntimeError("NaN")

    with (
        pytest.raises(RuntimeError, match="NaN"),
        gradient_threads(list(model.parameters())) as threads,
    ):
        threads.backward(fails, [0, 1])
