"""Errors that mean that the system has no more of something, whatever library raises them."""

import errno

_ERRNOS = (errno.ENOMEM, errno.EAGAIN, errno.EMFILE, errno.ENFILE)
_IMPORT = ("failed to map segment", "cannot allocate memory", "cannot apply additional memory")


def shortage(error: BaseException) -> str | None:
    """Say what there is not enough of, if that is what an error means.

    Parameters
    ----------
    error : BaseException
        Anything that was raised.

    Returns
    -------
    str or None
        The message; None if the error means something else.
    """
    if isinstance(error, MemoryError):
        return "not enough memory"
    text = str(error)
    if isinstance(error, ImportError) and any(words in text.lower() for words in _IMPORT):
        return "not enough memory to load the libraries"
    if isinstance(error, RuntimeError) and "can't start new thread" in text:
        return "not enough memory or processes to start a thread"
    if isinstance(error, OSError) and error.errno in _ERRNOS:
        return f"the system has no more to give: {(error.strerror or text).lower()}"
    if error.__cause__ is not None:
        return shortage(error.__cause__)
    return None
