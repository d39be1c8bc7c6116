"""An error sent from one process to another: it arrives with the same class and text, even where pickle fails."""

import pickle
import traceback
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from app.runtime.errors import causes

__all__ = ["Carried", "carry"]


@dataclass(frozen=True, slots=True)
class Carried:
    """An error in a form that can always be sent.

    Parameters
    ----------
    pickled : bytes
        The error; or its class, where the error does not come back as it was; or nothing.
    name : str
        Of the class.
    text : str
        What the error says.
    traceback : str
        Where it was raised.
    cause : Carried, optional
        The error behind it.
    """

    pickled: bytes
    name: str
    text: str
    traceback: str
    cause: "Carried | None"

    def error(self) -> BaseException:
        """The error, with its traceback in the other process as a note."""
        error = self._error()
        error.add_note(f"In another process:\n{self.traceback}")
        error.__cause__ = self.cause.error() if self.cause else None
        return error

    def _error(self) -> BaseException:
        try:
            found = pickle.loads(self.pickled)  # noqa: S301 - of our own process
        except Exception:  # noqa: BLE001 - whatever classes do there
            found = Exception
        return found if isinstance(found, BaseException) else _like(found, self.name, self.text)


def carry(error: BaseException) -> Carried:
    """An error, and those behind it, in a form that can always be sent."""
    carried = None
    for each in reversed(list(causes(error))):
        where = "".join(traceback.format_tb(each.__traceback__)).rstrip()
        carried = Carried(_pickled(each), type(each).__name__, str(each), where, carried)
    assert carried is not None
    return carried


def _pickled(error: BaseException) -> bytes:
    with suppress(Exception):  # whatever classes do there
        pickled = pickle.dumps(error)
        back = pickle.loads(pickled)  # noqa: S301 - it was made in the line above
        if (type(back), str(back)) == (type(error), str(error)):
            return pickled
    with suppress(Exception):
        return pickle.dumps(type(error))
    return b""


def _like(kind: Any, name: str, text: str) -> BaseException:
    """An error of a class with a given text, made without the arguments of the class."""
    try:
        error = kind.__new__(kind)
        error.args = (text,)
        if type(error).__name__ == name and str(error) == text:
            return error
        stand_in: Any = type(name, (kind,), {"__str__": lambda _: text})
        return stand_in.__new__(stand_in)
    except Exception:  # noqa: BLE001 - a class that cannot be made so
        return type(name, (Exception,), {})(text)
