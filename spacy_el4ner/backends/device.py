"""The device that spaCy uses, and the precision in which a device is fast."""


def spacy_device(otherwise: str | None = None) -> str:
    """otherwise (str | None): The device for a thread in which none was chosen by
        `spacy.require_gpu()` or the like: a choice holds in its own thread only.
    RETURNS (str): The torch device of spaCy's ops in this thread, such as "cuda:0".
    """
    from thinc.api import get_current_ops
    from thinc.backends import context_ops
    from thinc.util import get_torch_default_device

    if otherwise is not None and context_ops.get() is None:
        return otherwise
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
