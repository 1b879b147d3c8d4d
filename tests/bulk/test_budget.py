from spacy_el4ner.bulk.budget import within


def test_no_shard_is_begun_after_the_minutes(clock):
    numbers = within(1, range(5))
    assert next(numbers) == 0
    clock(59)
    assert next(numbers) == 1
    clock(1)
    assert list(numbers) == []


def test_without_time_nothing_is_begun(clock):
    assert list(within(0, range(5))) == []
