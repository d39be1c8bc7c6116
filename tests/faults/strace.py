"""A command under strace: what it asks the kernel for, or what the kernel refuses it."""

import re
import subprocess
from pathlib import Path

from tests.faults.command import TIMEOUT

#: A call that went well: its name, its arguments.
_CALL = re.compile(r"^\d+ +(\w+)\((.*)\) += 0$")
_PATH = re.compile(r'[<"](/[^>"]*)[>"]')


def calls(command: list[str], names: str, log: Path) -> list[tuple[str, list[Path]]]:
    """The calls of a command and of its children, in order, with the paths that they are about.

    Parameters
    ----------
    command : list of str
    names : str
        Names of calls, with commas.
    log : Path
        For what strace says.
    """
    trace = ["strace", "-f", "-qq", "-y", "-e", "signal=none", "-s", "4096", "-e", f"trace={names}", "-o", str(log)]
    done = subprocess.run([*trace, *command], capture_output=True, text=True, timeout=TIMEOUT, check=False)
    assert done.returncode == 0, done.stderr
    found = map(_CALL.match, log.read_text().splitlines())
    return [(match[1], list(map(Path, _PATH.findall(match[2])))) for match in found if match]
