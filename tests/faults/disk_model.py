"""A small model of a file system that loses power: what was written and not synced is gone.

It is fed with the calls that strace has logged. A file's content is what it was when the file was last synced. A new
name, or a name that is gone, is certain when the folder was synced; before, the disk has the first few of the changes.
"""

import ast
import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

#: What the model has to be told of.
CALLS = "openat,dup,fcntl,read,write,pwrite64,lseek,ftruncate,fallocate,fsync,rename,unlink,unlinkat"
_CALL = re.compile(r"^(\w+)\((.*)\) += (\d+)(?:<(.*)>)?$", re.DOTALL)
_DESCRIPTOR = re.compile(r"^(\d+)<(.*?)>(?:, |$)", re.DOTALL)
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')


@dataclass(eq=False)
class File:
    """Content as the programs see it, and as it is on the disk."""

    content: bytearray = field(default_factory=bytearray)
    on_disk: bytes = b""


@dataclass
class _Open:
    file: File
    position: int = 0


class Disk:
    """What a folder holds, and would hold after a loss of power.

    Parameters
    ----------
    folder : Path
        Empty, or not there.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = str(folder)
        self.files: dict[str, File] = {}
        self._certain: dict[str, File] = {}
        self._pending: list[tuple[str, File | None]] = []
        self._open: dict[str, _Open] = {}

    def states(self) -> Iterator[dict[str, bytes]]:
        """What can be on the disk if the power is lost now: content by name; of files deeper down, as of those here."""
        deeper = {name: file for name, file in self.files.items() if "/" in name}
        names = dict(self._certain)
        for change in [None, *self._pending]:
            if change is not None:
                names.pop(change[0], None)
                names |= {change[0]: change[1]} if change[1] else {}
            yield {name: file.on_disk for name, file in (names | deeper).items()}

    def take(self, line: str) -> bool:
        """Take a logged call; whether it changed what may be on the disk."""
        match = _CALL.match(line)
        if match is None:  # it failed
            return False
        call, words, returned, path = match[1], match[2], int(match[3]), match[4]
        if call == "openat":
            self._opened(str(returned), path, words)
        elif call == "rename":
            source, place = (self._name(_text(found).decode()) for found in _STRING.findall(words))
            if source in self.files or place in self.files:
                file = self.files.get(source)
                self._change(source, None)
                self._change(place, file)
                return True
        elif call.startswith("unlink"):
            base = _DESCRIPTOR.match(words)  # of a folder, or the current one, or none
            name = self._name(posixpath.join(base[2] if base else "", _text(_STRING.findall(words)[0]).decode()))
            if name in self.files:
                self._change(name, None)
                return True
        elif descriptor := _DESCRIPTOR.match(words):
            return self._used(call, descriptor, words[descriptor.end() :], returned)
        return False

    def _name(self, path: str) -> str:
        return posixpath.relpath(path, self.folder) if path.startswith("/") else ""

    def _opened(self, number: str, path: str, words: str) -> None:
        self._open.pop(number, None)
        if not path.startswith(self.folder + "/") or "O_DIRECTORY" in words:
            return
        name = self._name(path)
        if name not in self.files and "O_CREAT" in words:
            self._change(name, File())
        if name in self.files:
            if "O_TRUNC" in words:
                self.files[name].content.clear()
            self._open[number] = _Open(self.files[name], len(self.files[name].content) if "O_APPEND" in words else 0)

    def _used(self, call: str, descriptor: re.Match, words: str, returned: int) -> bool:
        if call == "fsync" and descriptor[2] == self.folder:
            for name, file in self._pending:
                self._certain.pop(name, None)
                self._certain |= {name: file} if file else {}
            self._pending = []
            return True
        used = self._open.get(descriptor[1])
        if used is None or not descriptor[2].startswith(self.folder):
            return False
        content = used.file.content
        if call == "fsync":
            used.file.on_disk = bytes(content)
            return True
        if call == "dup" or "F_DUPFD" in words:
            self._open[str(returned)] = used  # they share a position
        elif call in ("read", "lseek"):
            used.position = returned if call == "lseek" else used.position + returned
        elif call == "ftruncate":
            size = int(words)
            content[:] = content[:size].ljust(size, b"\0")
        elif call == "fallocate":
            content[:] = content.ljust(sum(map(int, words.split(", ")[1:])), b"\0")
        elif "write" in call:
            data = _text(_STRING.findall(words)[0])[:returned]
            start = int(words.rsplit(", ", 1)[1]) if call == "pwrite64" else used.position
            content[:] = content.ljust(start, b"\0")
            content[start : start + len(data)] = data
            used.position = start + len(data) if call == "write" else used.position
        return False

    def _change(self, name: str, file: File | None) -> None:
        self.files.pop(name, None)
        self.files |= {name: file} if file else {}
        if "/" not in name:
            self._pending.append((name, file))


def _text(quoted: str) -> bytes:
    """What strace has quoted as C does."""
    return ast.literal_eval(f'b"{quoted}"')
