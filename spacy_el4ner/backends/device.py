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


def type_to_compute_in(dtype: str, device: str, device_map: object = None) -> str:
    """dtype (str): The setting: "auto", "fast" or the name of a torch type.
    device (str): The device of a model.
    device_map (object): How it is divided over devices, or the one that it is on instead; None if it is
        not.
    RETURNS (str): The name of a torch type, or "auto" if the weights determine it.
    """
    if dtype == "fast":
        return "bfloat16" if fast_bfloat16(device) else "float32"
    on_cpu = str(device_map or device).partition(":")[0] == "cpu"
    return "float32" if dtype == "auto" and on_cpu else dtype
