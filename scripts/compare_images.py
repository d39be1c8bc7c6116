#!/usr/bin/env python3
"""Compare two image archives (OCI layout in a tar file), and say what differs; `make verify-image` calls it.

    python scripts/compare_images.py first.oci.tar second.oci.tar

Exit status 0: the same digest. 1: another one; each differing file, setting or layer is a line.
"""

import hashlib
import json
import logging
import sys
import tarfile
from collections.abc import Iterator
from typing import Any

log = logging.getLogger(__name__)

#: What differs is told to this number of lines a layer.
MOST = 20


class Image:
    """The image of an archive.

    Parameters
    ----------
    tar : TarFile
        In the OCI image layout (github.com/opencontainers/image-spec, image-layout.md), of one image.
    """

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar
        (entry,) = json.load(self._member("index.json"))["manifests"]
        self.digest: str = entry["digest"]
        self.manifest: dict[str, Any] = json.load(self._blob(self.digest))
        self.config: dict[str, Any] = json.load(self._blob(self.manifest["config"]["digest"]))

    @property
    def layers(self) -> list[str]:
        """Digests of the layers, lowest first."""
        return [layer["digest"] for layer in self.manifest["layers"]]

    def files(self, layer: str) -> dict[str, tuple[Any, ...]]:
        """What a layer holds, by name: kind, mode, owner, time, target of a link, SHA-256."""
        with tarfile.open(fileobj=self._blob(layer)) as tar:
            return {m.name: (m.type, m.mode, m.uid, m.gid, m.mtime, m.linkname, _sha256(tar, m)) for m in tar}

    def _blob(self, digest: str) -> Any:
        return self._member("blobs/" + digest.replace(":", "/"))

    def _member(self, name: str) -> Any:
        return self._tar.extractfile(name)


def _sha256(tar: tarfile.TarFile, member: tarfile.TarInfo) -> str | None:
    content = tar.extractfile(member) if member.isfile() else None
    return hashlib.file_digest(content, "sha256").hexdigest() if content else None  # type: ignore[arg-type]


def differences(first: Image, second: Image) -> Iterator[str]:
    """What differs between two images, a line each; nothing where they have one digest."""
    if first.digest == second.digest:
        return
    for key in sorted(first.config.keys() | second.config.keys()):
        if first.config.get(key) != second.config.get(key) and key != "rootfs":
            yield f"configuration, {key}: {first.config.get(key)} and {second.config.get(key)}"
    if len(first.layers) != len(second.layers):
        yield f"{len(first.layers)} and {len(second.layers)} layers"
    for number, (one, other) in enumerate(zip(first.layers, second.layers, strict=False), start=1):
        if one != other:
            yield from _layer_differences(f"layer {number}", first.files(one), second.files(other))


def _layer_differences(layer: str, one: dict[str, tuple[Any, ...]], other: dict[str, tuple[Any, ...]]) -> Iterator[str]:
    names = [name for name in sorted(one.keys() | other.keys()) if one.get(name) != other.get(name)]
    for name in names[:MOST]:
        yield f"{layer}, {name}: {one.get(name, 'missing')} and {other.get(name, 'missing')}"
    if len(names) > MOST:
        yield f"{layer}: {len(names) - MOST} more"
    if not names:
        yield f"{layer}: the same files, packed in another way"


def main(arguments: list[str]) -> int:
    """Compare the two archives that are named; returns the exit status."""
    logging.basicConfig(format="%(message)s", level=logging.INFO)
    with tarfile.open(arguments[0]) as one, tarfile.open(arguments[1]) as other:
        first, second = Image(one), Image(other)
        found = list(differences(first, second))
    for line in found:
        log.info(line)
    log.info("%s and %s: %s", first.digest, second.digest, "different" if found else "the same")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
