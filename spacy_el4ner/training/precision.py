"""Which precision a device is fast at."""

import torch


def fast_bfloat16(device: torch.device) -> bool:
    """RETURNS (bool): Whether a device multiplies in bfloat16; elsewhere that is slower, not faster."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return device.type == "cpu" and bool(torch.cpu._is_avx512_bf16_supported())
