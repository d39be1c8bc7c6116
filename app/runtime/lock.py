"""One run at a time in one out_dir, on one host and over file systems that hosts share.

A file in out_dir names the run that has it; the run touches it every `HEARTBEAT` seconds. On the run's own host its
process (number and start time) shows whether it is alive; on other hosts the heartbeat does, timed by the clock of the
host that waits, so that the hosts' clocks need not agree.
"""

import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import LeaseSettingsMismatch, SoftFileLease, Timeout

from app.runtime.errors import InputError
from app.runtime.files import sync

__all__ = ["HEARTBEAT", "LEASE", "LOCK_NAME", "THREAD_NAME", "OutputLock", "locked"]

log = logging.getLogger(__name__)

LOCK_NAME = ".jwst-lv3.lock"
#: Start of the name of the thread that renews the heartbeat.
THREAD_NAME = "filelock-lease"
#: Time without a heartbeat after which a run on another host counts as dead [s]; network file systems can delay it by
#: up to a minute.
LEASE = 120.0
#: Time between two heartbeats [s].
HEARTBEAT = 15.0


class OutputLock:
    """The right of one run to write into an output folder.

    Parameters
    ----------
    folder : Path
        The folder; it exists.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lease = SoftFileLease(folder / LOCK_NAME, lease_duration=LEASE, heartbeat_interval=HEARTBEAT)

    def acquire(self) -> None:
        """Take the lock, also from a run that is dead.

        Raises
        ------
        InputError
            Another run lives, or may live, in this folder.
        OSError
            The lock cannot be written.
        """
        try:
            self._acquire()
            sync(self.folder / LOCK_NAME)  # an empty lock, as a loss of power leaves it, would be waited for
        except (Timeout, LeaseSettingsMismatch) as error:
            raise InputError(
                f"out_dir={self.folder}: another run is at work in it ({self._holder}); wait for its end, or choose "
                f"another out_dir; if no run is active there, remove {self.folder / LOCK_NAME}"
            ) from error
        except OSError as error:
            place = self.folder / LOCK_NAME
            error.filename = error.filename or str(place)
            if self._lease.is_locked:
                self._lease.release()
            elif self._lease.owner is None:  # a file that was made and could not be written; others would wait for it
                place.unlink(missing_ok=True)
            raise

    def _acquire(self) -> None:
        try:
            self._lease.acquire(timeout=0)
        except Timeout:
            if self._is_on_this_host:
                raise
            log.info("%s is locked (%s): waiting up to %.0f s for a heartbeat", self.folder, self._holder, LEASE)
            before = self._heartbeat
            self._lease.acquire(timeout=2 * LEASE, poll_interval=1, cancel_check=lambda: self._heartbeat > before)

    @property
    def _is_on_this_host(self) -> bool:
        # A name with a mark behind it is that of a container, whose processes cannot be looked up from outside.
        owner = self._lease.owner
        return owner is not None and owner.hostname == socket.gethostname()

    @property
    def _holder(self) -> str:
        owner = self._lease.owner
        if owner is None:
            return "an unknown process"
        return f"process {owner.pid} on {owner.hostname.partition('?')[0]}"

    @property
    def _heartbeat(self) -> int:
        try:
            return (self.folder / LOCK_NAME).stat().st_mtime_ns
        except OSError:  # the holder has just ended: nothing to cancel, the next poll gets the lock
            return 0

    def check(self) -> None:
        """Refuse to go on when the lock is lost: another host took this run for dead, or out_dir was removed.

        Raises
        ------
        InputError
            The lock is lost.
        """
        if self._lease.compromise is not None:
            what = "somebody has taken or removed its lock" if self.folder.exists() else "it was removed"
            raise InputError(f"out_dir={self.folder}: {what} while this run was at work, which ends here")

    def release(self) -> None:
        """Give the lock back."""
        self._lease.release()


@contextmanager
def locked(folder: Path) -> Iterator[OutputLock]:
    """Context in which `folder` belongs to this run.

    Raises
    ------
    InputError
        Another run lives in this folder.
    """
    lock = OutputLock(folder)
    lock.acquire()
    try:
        yield lock
    finally:
        lock.release()
