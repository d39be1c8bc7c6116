"""Two builds of an image are compared: what differs is named, to the file."""

import hashlib
import io
import json
import tarfile
from pathlib import Path

import pytest

from scripts.compare_images import Image, differences, main


def tar_of(files: dict[str, bytes], mtime: int = 0) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mtime = len(content), mtime
            tar.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def archive(path: Path, *layers: bytes, created: str = "1980") -> Path:
    """An image in the OCI layout."""
    blobs: dict[str, bytes] = {}

    def blob(content: bytes) -> dict[str, str]:
        name = hashlib.sha256(content).hexdigest()
        blobs[f"blobs/sha256/{name}"] = content
        return {"digest": f"sha256:{name}"}

    config = blob(
        json.dumps({"created": created, "rootfs": [hashlib.sha256(la).hexdigest() for la in layers]}).encode()
    )
    manifest = blob(json.dumps({"config": config, "layers": [blob(layer) for layer in layers]}).encode())
    path.write_bytes(tar_of({**blobs, "index.json": json.dumps({"manifests": [manifest]}).encode()}))
    return path


def compared(first: Path, second: Path) -> list[str]:
    with tarfile.open(first) as one, tarfile.open(second) as other:
        return list(differences(Image(one), Image(other)))


@pytest.fixture
def first(tmp_path: Path) -> Path:
    return archive(tmp_path / "first.tar", tar_of({"bin/sh": b"a"}), tar_of({"opt/a": b"1", "opt/b": b"2"}))


def test_one_digest_is_the_same(first: Path, tmp_path: Path):
    second = archive(tmp_path / "second.tar", tar_of({"bin/sh": b"a"}), tar_of({"opt/a": b"1", "opt/b": b"2"}))
    assert main([str(first), str(second)]) == 0


def test_a_changed_file_is_named(first: Path, tmp_path: Path):
    second = archive(tmp_path / "second.tar", tar_of({"bin/sh": b"a"}), tar_of({"opt/a": b"1", "opt/b": b"3"}))
    (line,) = compared(first, second)
    assert line.startswith("layer 2, opt/b: ")
    assert main([str(first), str(second)]) == 1


def test_another_time_is_a_difference(first: Path, tmp_path: Path):
    second = archive(tmp_path / "second.tar", tar_of({"bin/sh": b"a"}, mtime=1), tar_of({"opt/a": b"1", "opt/b": b"2"}))
    assert [line.split(":")[0] for line in compared(first, second)] == ["layer 1, bin/sh"]


def test_missing_files_and_settings(first: Path, tmp_path: Path):
    second = archive(tmp_path / "second.tar", tar_of({"bin/sh": b"a"}), tar_of({"opt/a": b"1"}), created="2026")
    lines = compared(first, second)
    assert lines[0] == "configuration, created: 1980 and 2026"
    assert lines[1].startswith("layer 2, opt/b: ")
    assert lines[1].endswith("and missing")


def test_other_packing_and_another_number_of_layers(first: Path, tmp_path: Path):
    second = archive(tmp_path / "second.tar", tar_of({"bin/sh": b"a"}) + bytes(512))
    assert compared(first, second) == [
        "2 and 1 layers",
        "layer 1: the same files, packed in another way",
    ]
