"""Work that is killed at random moments, to see what it leaves behind."""

import os
import random
import signal
import time
import warnings
from multiprocessing import get_context

import pytest

KILLS = int(os.environ.get("EL4NER_KILLS", "5"))
needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")


class Killer:
    """Starts work in a process of its own and kills it; sooner, until it once comes in time.

    seconds (float): How long the work takes, or longer.
    seed (Any): Decides the moments.
    """

    def __init__(self, seconds, seed):
        self.seconds = seconds
        self.rng = random.Random(seed)
        self.killed = 0

    def kill(self, work, *args, **kwargs):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # fork with threads, Python 3.12
            process = get_context("fork").Process(target=work, args=args, kwargs=kwargs)
            process.start()
        time.sleep(self.rng.uniform(0, self.seconds))
        process.kill()
        process.join()
        if process.exitcode == -signal.SIGKILL:
            self.killed += 1
        else:
            assert process.exitcode == 0
            self.seconds *= 1 if self.killed else 0.7
