"""The device that spaCy uses."""


def spacy_device() -> str:
    """RETURNS (str): The torch device of spaCy's current ops, such as "cuda:0"."""
    from thinc.api import get_current_ops
    from thinc.util import get_torch_default_device

    return "cpu" if get_current_ops().name == "numpy" else str(get_torch_default_device())
