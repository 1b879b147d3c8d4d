"""Exceptions of the package."""


class EL4NERError(Exception):
    """An error that the package raises on purpose, with the code of its message.

    The table of codes is in docs/errors.md.
    """

    @property
    def code(self) -> str:
        """RETURNS (str): The code, such as "EL001"; "" if the message has none."""
        text = str(self)
        return text[1 : text.index("]")] if text.startswith("[EL") else ""


class EL4NERValueError(EL4NERError, ValueError):
    """A setting, file or argument that cannot be used."""


class EL4NERSetupError(EL4NERValueError):
    """A pipeline that can annotate no document: its model cannot be loaded, a server refuses its key,
    or it has no labels. The setting `on_error` decides about documents, and does not cover this error.
    """


class EL4NERImportError(EL4NERError, ImportError):
    """A missing package that an extra of this package installs."""


class EL4NERRuntimeError(EL4NERError, RuntimeError):
    """A failure of a model, a server or a process."""


class EL4NEROSError(EL4NERError, OSError):
    """A file that cannot be read or written."""


class EL4NERLookupError(EL4NERError, LookupError):
    """An answer that is missing from a store."""
