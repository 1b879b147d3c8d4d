"""Peak memory over a period."""

import ctypes
import gc
import resource
import sys
from pathlib import Path

STATUS, CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


class PeakMemory:
    """Peak of the memory that torch allocates on a GPU, else of the resident memory of the process.

    device (str): The device of the model.
    resets (bool): Whether the peak can be reset; otherwise a row has the peak of all rows so far.
    """

    def __init__(self, device: str):
        self.on_gpu = device.startswith("cuda")
        self.resets = self.on_gpu or CLEAR.exists()

    @property
    def kind(self) -> str:
        """RETURNS (str): The kind of memory that is measured, in words."""
        if self.on_gpu:
            return "allocated on the GPU"
        since = "" if self.resets else ", since its start"
        return f"resident memory of the process{since}"

    def reset(self) -> None:
        """Reset the peak and release cached memory."""
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
