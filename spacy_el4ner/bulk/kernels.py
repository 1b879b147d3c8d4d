"""The limit of the kernel cache of oneDNN, with which PyTorch computes on CPUs.

oneDNN compiles a kernel for every shape of its input, and caches 1,024 of them. Texts have many shapes,
so the memory of a process grows over tens of thousands of texts. A larger cache saves little time.
"""

import os

CAPACITY = "ONEDNN_PRIMITIVE_CACHE_CAPACITY"
"""Environment variable that oneDNN reads once, before its first computation."""
KERNELS = 64


def keep_few_kernels() -> None:
    """Limit the cache of this process and its children, unless the user has set the limit."""
    os.environ.setdefault(CAPACITY, str(KERNELS))
