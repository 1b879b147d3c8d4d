"""The precision in which a device is fast."""

import torch


def fast_bfloat16(device: torch.device) -> bool:
    """device (torch.device): A device.
    RETURNS (bool): Whether it multiplies in bfloat16 natively; on other devices bfloat16 is slower than
        float32.
    """
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return device.type == "cpu" and bool(torch.cpu._is_avx512_bf16_supported())
