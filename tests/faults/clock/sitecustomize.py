"""A clock that is ahead by CLOCK_SHIFT seconds, for every Python that finds this folder on its path.

Where CLOCK_FROM names a file, it is so once the file is there.
"""

import copyreg
import datetime
import functools
import os
import time

_real, _time, _time_ns, _gmtime, _localtime = datetime.datetime, time.time, time.time_ns, time.gmtime, time.localtime


def _shift():
    return float(os.environ["CLOCK_SHIFT"]) if os.path.exists(os.environ.get("CLOCK_FROM", "/")) else 0.0  # noqa: PTH110


class _Kind(type):
    def __instancecheck__(cls, instance):
        return isinstance(instance, _real)


class _Shifted(_real, metaclass=_Kind):
    def __new__(cls, *parts, **named):
        return _real(*parts, **named)

    @classmethod
    def now(cls, tz=None):
        return _real.now(tz) + datetime.timedelta(seconds=_shift())

    @classmethod
    def utcnow(cls):
        return cls.now(datetime.UTC).replace(tzinfo=None)

    today = now


def _apart(moment):
    date, clock = moment.date(), moment.timetz()
    clock_parts = (clock.hour, clock.minute, clock.second, clock.microsecond, clock.tzinfo)
    return _Shifted, (date.year, date.month, date.day, *clock_parts)


def _broken_down(function, seconds=None):
    return function(time.time() if seconds is None else seconds)


copyreg.pickle(_real, _apart)
datetime.datetime = _Shifted
time.time = lambda: _time() + _shift()
time.time_ns = lambda: _time_ns() + int(_shift() * 1e9)
time.gmtime = functools.partial(_broken_down, _gmtime)
time.localtime = functools.partial(_broken_down, _localtime)
