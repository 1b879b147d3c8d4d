"""Voters on servers are asked at the same time, those in this process one after another."""

import threading

import pytest

from tests.ensemble.scripted_voters import TEXTS, Down, Knows, docs, found, stages

ANN = {"Ann": "PERSON", "Oslo": "GPE"}
PATIENCE = 60


class Meets(Knows):
    """A voter on a server that answers only once all of `others` are asked as well."""

    remote = True

    def __init__(self, names, others):
        super().__init__(names)
        self.others = others
        self.hints = []

    def propose(self, windows, demonstrations, labels, hints=()):
        self.hints.append(list(hints))
        self.others.wait(PATIENCE)
        return super().propose(windows, demonstrations, labels)


class TakesTurns(Knows):
    """A voter in this process that notes who is busy when it is asked, and in which thread."""

    def __init__(self, names, others, seen):
        super().__init__(names)
        self.others = others
        self.seen = seen

    def propose(self, *args):
        self.seen.append(("begins", threading.current_thread()))
        self.others.wait(PATIENCE)
        self.seen.append(("ends", threading.current_thread()))
        return super().propose(*args)


class Unreachable(Down):
    remote = True


class Interrupted(Knows):
    def propose(self, *args):
        raise KeyboardInterrupt


class Busy(Knows):
    """A voter on a server that answers only when it is unloaded."""

    remote = True

    def __init__(self, names):
        super().__init__(names)
        self.unloaded = threading.Event()

    def propose(self, *args):
        assert self.unloaded.wait(PATIENCE)
        return super().propose(*args)

    def unload(self):
        self.unloaded.set()


def test_voters_on_servers_are_asked_at_the_same_time_with_the_results_in_order():
    together = threading.Barrier(3)
    voters = {name: Meets(ANN, together) for name in "cab"}
    trace = stages(voters).trace(docs(TEXTS[:1]))
    assert list(trace.proposed) == ["c", "a", "b"]
    alone = stages({name: Knows(ANN) for name in "cab"}).trace(docs(TEXTS[:1]))
    assert trace.results == alone.results


def test_voters_in_this_process_take_turns_while_a_server_works():
    together, alone, seen = threading.Barrier(2), threading.Barrier(1), []
    voters = {
        "served": Meets(ANN, together),
        "here": TakesTurns(ANN, alone, seen),
        "there": TakesTurns(ANN, together, seen),
    }
    trace = stages(voters).trace(docs(TEXTS[:1]))
    assert list(trace.proposed) == ["served", "here", "there"]
    assert seen == [(moment, threading.current_thread()) for moment in ("begins", "ends") * 2]


def test_a_voter_on_a_server_has_no_hints_that_depend_on_who_is_faster():
    voter = Meets(ANN, threading.Barrier(1))
    stages({"here": Knows(ANN), "served": voter})(docs(TEXTS[:1]))
    assert voter.hints == [[]]


def test_the_others_go_on_without_a_server_that_is_down():
    voters = {"down": Unreachable(ANN, "propose"), "up": Meets(ANN, threading.Barrier(1))}
    (result,) = stages(voters, min_voters=1)(docs(TEXTS[:1]))
    assert [surface for surface, *_ in found([result], TEXTS[:1])[0]] == ["Ann", "Oslo"]
    assert result.counts["unavailable"] == {"down": "nobody at home"}


@pytest.mark.parametrize("first", ["here", "served"])
def test_an_interruption_ends_what_servers_do(first):
    voters = {"here": Interrupted(ANN), "served": Busy(ANN), "idle": Busy(ANN)}
    voters = {first: voters.pop(first), **voters}
    before = threading.active_count()
    with pytest.raises(KeyboardInterrupt):
        stages(voters)(docs(TEXTS[:1]))
    assert threading.active_count() == before
