"""How many of its kernels oneDNN keeps, with which PyTorch computes on CPUs.

It makes one for every shape of its input, and keeps 1,024 of them. Texts have as many shapes, so that
the memory of a process grows over tens of thousands of them. Keeping more than a few saves little time.
"""

import os

CAPACITY = "ONEDNN_PRIMITIVE_CACHE_CAPACITY"
"""oneDNN asks for it once, when it computes for the first time."""
KERNELS = 64


def keep_few_kernels() -> None:
    """Say how many this process and those that it starts keep, unless the user has."""
    os.environ.setdefault(CAPACITY, str(KERNELS))
