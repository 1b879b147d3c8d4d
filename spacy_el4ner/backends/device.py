"""The device that spaCy uses, and the precision in which a device is fast."""


def spacy_device() -> str:
    """RETURNS (str): The torch device of spaCy's current ops, such as "cuda:0"."""
    from thinc.api import get_current_ops
    from thinc.util import get_torch_default_device

    return "cpu" if get_current_ops().name == "numpy" else str(get_torch_default_device())


def fast_bfloat16(device: str) -> bool:
    """device (str): A torch device, such as "cpu".
    RETURNS (bool): Whether it multiplies in bfloat16 natively; on other devices bfloat16 is slower than
        float32.
    """
    import torch

    kind = torch.device(device).type
    if kind == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return kind == "cpu" and bool(torch.cpu._is_avx512_bf16_supported())
