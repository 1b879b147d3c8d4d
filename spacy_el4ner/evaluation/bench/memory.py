"""The most memory that was in use for a while."""

import ctypes
import gc
import resource
import sys
from pathlib import Path

STATUS, CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


class PeakMemory:
    """On a GPU what torch allocated, else the resident memory of the process, the model included.

    device (str): Where the model is.
    resets (bool): Whether the peak can be set back; where not, a row's peak is that of all rows so far.
    """

    def __init__(self, device: str):
        self.on_gpu = device.startswith("cuda")
        self.resets = self.on_gpu or CLEAR.exists()

    @property
    def kind(self) -> str:
        """RETURNS (str): What is measured, in words."""
        if self.on_gpu:
            return "allocated on the GPU"
        since = "" if self.resets else ", since its start"
        return f"resident memory of the process{since}"

    def reset(self) -> None:
        """Begin anew, without what is kept for later use."""
        gc.collect()
        if self.on_gpu:
            import torch

            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats()
            return
        if sys.platform == "linux":
            trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
            if trim is not None:
                trim(0)
        if self.resets:
            CLEAR.write_text("5")

    def read(self) -> float:
        """RETURNS (float): MiB since `reset`."""
        if self.on_gpu:
            import torch

            return torch.cuda.max_memory_allocated() / 2**20
        if self.resets:
            found = next(x for x in STATUS.read_text().splitlines() if x.startswith("VmHWM:"))
            return int(found.split()[1]) / 2**10
        unit = 2**20 if sys.platform == "darwin" else 2**10
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
