"""scripts/jwst-lv3-container: the command it makes, and what it refuses, without any container engine."""

import os
import shlex
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

LAUNCHER = Path(__file__).parents[2] / "scripts/jwst-lv3-container"


@pytest.fixture
def engines(tmp_path: Path) -> Path:
    """A folder for PATH, in which tests put engines that only tell what they were asked."""
    folder = tmp_path / "bin"
    folder.mkdir()
    return folder


def install(engines: Path, name: str, script: str = 'echo "$@"') -> None:
    """Put an engine on PATH: a shell script."""
    (engines / name).write_text(f"#!/bin/sh\n{script}\n")
    (engines / name).chmod(0o755)


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """in_dir, with a file, and an out_dir that is to be made."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in/a_cal.fits").touch()
    return tmp_path / "in", tmp_path / "products"


@pytest.fixture
def launch(engines: Path, tmp_path: Path):
    """Run the launcher where no other engine is on PATH."""

    def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, LAUNCHER, *map(str, arguments)], capture_output=True, text=True, check=False, cwd=tmp_path,
            env={"PATH": str(engines)}, timeout=60,
        )  # fmt: skip

    return run


def words(result: subprocess.CompletedProcess[str]) -> list[str]:
    """The command that a dry run prints."""
    assert result.returncode == 0, result.stderr
    return shlex.split(result.stdout)


def refusal(result: subprocess.CompletedProcess[str]) -> str:
    """What the launcher said when it refused."""
    assert result.returncode == 125, result
    return result.stderr


def mounts(command: list[str]) -> list[str]:
    return [b for a, b in pairwise(command) if a in {"--mount", "--bind"}]


def test_docker(engines, folders, launch):
    install(engines, "docker")
    in_dir, out_dir = folders
    overrides = [
        "target=a b",
        "band=F770W",
        f"in_dir={in_dir}",
        f"out_dir={out_dir}",
        "-m",
        "jwst_parameters={a: {b: 1}}",
    ]
    command = words(launch("--memory", "8g", "--cpus", "2", "--dry-run", *overrides))
    assert command[:3] == ["docker", "run", "--rm"]
    assert command[-len(overrides) - 1 :] == ["jwst-lv3", *overrides]
    assert f"type=bind,source={in_dir},target={in_dir},readonly" in mounts(command)
    assert f"type=bind,source={out_dir},target={out_dir}" in mounts(command)
    assert f"{os.getuid()}:{os.getgid()}" in command
    assert {"--read-only", "no-new-privileges", "none", "8g", "2"} <= set(command)
    assert not out_dir.exists()


def test_apptainer(engines, folders, launch, tmp_path):
    install(engines, "apptainer")
    (tmp_path / "x.sif").touch()
    in_dir, out_dir = folders
    command = words(launch("--dry-run", "--image", "x.sif", f"in_dir={in_dir}", f"out_dir={out_dir}"))
    assert command[0] == "apptainer"
    assert {"--containall", "--no-home", "x.sif"} <= set(command)
    assert mounts(command) == [f"{in_dir}:{in_dir}:ro", f"{out_dir}:{out_dir}:rw"]
    assert command[command.index("--scratch") + 1] == str(tmp_path)


def test_apptainer_started_where_something_is_mounted(engines, folders, launch, tmp_path):
    install(engines, "apptainer")
    assert "--scratch" not in words(launch("--dry-run", f"out_dir={tmp_path}"))


def test_first_engine_that_is_there(engines, folders, launch):
    install(engines, "podman")
    install(engines, "apptainer")
    assert words(launch("--dry-run"))[0] == "podman"
    assert words(launch("--dry-run", "--engine", "apptainer"))[0] == "apptainer"


def test_mounts_what_overrides_and_config_dir_name(engines, folders, launch, tmp_path):
    install(engines, "docker")
    (tmp_path / "mine").mkdir()
    (tmp_path / "stars.ecsv").touch()
    command = words(
        launch(
            "--dry-run", "--config-dir", "mine", "in_dir=in", f"sky_levels={tmp_path}/stars.ecsv",
            "work_dir=scratch", "out_dir=all/${target}", "--bind", "in",
        )
    )  # fmt: skip
    found = {mount.split("source=")[1].split(",")[0]: mount.endswith("readonly") for mount in mounts(command)}
    wanted = {"mine": True, "in": True, "stars.ecsv": True, "scratch": False, "all": False}
    assert found == {str(tmp_path / name): read_only for name, read_only in wanted.items()}


def test_sweep_over_folders(engines, launch, tmp_path):
    install(engines, "docker")
    for name in "ab":
        (tmp_path / name).mkdir()
    found = mounts(words(launch("--dry-run", "-m", "in_dir=a,b", "out_dir=out")))
    assert [name for name in "ab" if any(f"source={tmp_path / name}," in mount for mount in found)] == ["a", "b"]


def sources(command):
    """What is mounted, with whether it can only be read."""
    return {m.split("source=")[1].split(",")[0]: m.endswith("readonly") for m in mounts(command)}


@pytest.mark.parametrize(
    "word",
    [
        *("sky_levels=stars.ecsv", "mosaic_like='stars.ecsv'", "++jwst_parameters.tweakreg.abs_refcat=stars.ecsv"),
        *("++jwst_parameters.tweakreg.abs_refcat.miri=stars.ecsv", "+jwst_parameters.resample.output_wcs=stars.ecsv"),
        "jwst_parameters={tweakreg: {abs_refcat: {miri: GAIADR3}}, skymatch: {skylist: 'stars.ecsv', skip: false}}",
    ],
)
def test_files_that_overrides_name_relatively_are_mounted(engines, launch, tmp_path, word):
    install(engines, "docker")
    (tmp_path / "stars.ecsv").touch()
    found = sources(words(launch("--dry-run", word, "out_dir=out")))
    assert found == {str(tmp_path / "stars.ecsv"): True, str(tmp_path / "out"): False}


@pytest.mark.parametrize(
    ("word", "found"),
    [
        *(("in_dir=[a,'b']", ["a", "b"]), ("in_dir='a*/JWST'", ["."]), ("in_dir=all/[ab]", ["all"])),
        *(("align_from=a", ["a"]), ("sky_anchor=image.fits", ["image.fits"]), ("sky_anchor=lowest", [])),
    ],
)
def test_what_is_read_has_many_forms(engines, launch, tmp_path, word, found):
    install(engines, "docker")
    for name in ("a", "b", "all"):
        (tmp_path / name).mkdir()
    (tmp_path / "image.fits").touch()
    read = {path for path, read_only in sources(words(launch("--dry-run", word, "out_dir=out"))).items() if read_only}
    assert read == {str(tmp_path / name) for name in found}


@pytest.mark.parametrize(
    ("given", "written"),
    [
        (["action=init", "in_dir=a"], "."),
        (["action=release", "out_dir=out", "release_dir=new/release"], "new"),
        (["alignment=from_run", "align_from=out/F300M", "out_root=out"], "out"),
    ],
)
def test_what_is_written_is_where_jwst_lv3_puts_it(engines, launch, tmp_path, given, written):
    install(engines, "docker")
    (tmp_path / "a").mkdir()
    assert sources(words(launch("--dry-run", *given)))[str((tmp_path / written).resolve())] is False


def test_another_home(engines, launch):
    install(engines, "docker")
    assert "~ is another home in the container; give the whole path" in refusal(launch("in_dir=~/data"))


def test_the_folder_of_a_list_of_catalogues_is_mounted(engines, launch, tmp_path):
    install(engines, "docker")
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists/cats.txt").touch()
    found = sources(words(launch("--dry-run", "++jwst_parameters.tweakreg.catfile=lists/cats.txt", "out_dir=out")))
    assert found[str(tmp_path / "lists")]


def test_an_online_catalogue_is_no_file(engines, launch, tmp_path):
    install(engines, "docker")
    found = sources(words(launch("--dry-run", "++jwst_parameters.tweakreg.abs_refcat=GAIADR3", "out_dir=out")))
    assert found == {str(tmp_path / "out"): False}


def test_out_root_of_a_sweep_can_be_written_to(engines, launch, tmp_path):
    install(engines, "docker")
    found = sources(words(launch("--dry-run", "-m", "target=a,b", f"out_root={tmp_path}/sweep")))
    assert found == {str(tmp_path / "sweep"): False}


@pytest.mark.parametrize(("engine", "name"), [("docker", "a,b"), ("apptainer", "a,b"), ("apptainer", "a:b")])
def test_paths_that_the_engine_would_take_apart(engines, launch, tmp_path, engine, name):
    install(engines, engine)
    (tmp_path / name).mkdir()
    assert f"{tmp_path}/{name}: {engine} cannot mount a path with" in refusal(launch("--dry-run", f"in_dir={name}"))


def test_help_of_the_program(engines, launch):
    install(engines, "docker")
    command = words(launch("--dry-run", "--", "--help"))
    assert command[-2:] == ["jwst-lv3", "--help"]
    assert mounts(command) == []


@pytest.mark.parametrize("prefix", ["sha256:", ""])  # docker, podman
def test_the_run_is_told_which_image_it_is_in(engines, folders, launch, prefix):
    answer = f'case $1$2 in imageinspect) echo {prefix}{"ab" * 32};; *) echo "$@";; esac'
    install(engines, "docker", answer)
    in_dir, out_dir = folders
    command = launch("--image", "mine:1", f"in_dir={in_dir}", f"out_dir={out_dir}").stdout.split()
    told = [b for a, b in pairwise(command) if a == "--env"]
    assert told == ["LV3_IMAGE=mine:1", f"LV3_IMAGE_DIGEST=sha256:{'ab' * 32}"]


def test_exit_status_and_output_are_the_engines(engines, folders, launch):
    install(engines, "docker", "case $1 in run) echo made; exit 24;; *) exit 0;; esac")
    in_dir, out_dir = folders
    result = launch(f"in_dir={in_dir}", f"out_dir={out_dir}")
    assert (result.returncode, result.stdout) == (24, "made\n")
    assert "docker run --rm" in result.stderr
    assert out_dir.is_dir()


def test_no_engine(launch):
    assert "no container engine: docker, podman, apptainer, singularity not found" in refusal(launch("band=F770W"))


def test_engine_that_does_not_answer(engines, folders, launch):
    install(engines, "docker", "echo cannot connect >&2; exit 1")
    assert "docker is installed, but does not answer (cannot connect)" in refusal(launch("in_dir=in"))


def test_image_missing(engines, folders, launch):
    install(engines, "docker", "test $1 != image")
    assert "docker has no image jwst-lv3:9: `make image`" in refusal(launch("--image", "jwst-lv3:9", "in_dir=in"))
    install(engines, "apptainer")
    assert "there is no image my.sif: `make sif` makes it" in refusal(launch("--image", "my.sif", "in_dir=in"))


def test_folders_that_cannot_be_used(engines, launch, tmp_path):
    """All problems at once."""
    install(engines, "docker")
    (tmp_path / "file").touch()
    said = refusal(launch("in_dir=nowhere", "out_dir=file/out", "crds=server", "--config-dir", "neither"))
    assert f"in_dir={tmp_path}/nowhere: no such file or folder" in said
    assert f"out_dir={tmp_path}/file/out: cannot be made (Not a directory)" in said
    assert f"--config-dir={tmp_path}/neither: no such file or folder" in said
    assert "crds=server: there is no network in the container" in said


@pytest.mark.skipif(os.getuid() == 0, reason="root can write anywhere")
def test_out_dir_that_cannot_be_written(engines, folders, launch, tmp_path):
    install(engines, "docker")
    (tmp_path / "closed").mkdir(mode=0o500)
    assert f"out_dir={tmp_path}/closed: user {os.getuid()} cannot write there" in refusal(launch("out_dir=closed"))


def test_links_out_of_what_is_mounted(engines, folders, launch, tmp_path):
    install(engines, "docker")
    in_dir, _ = folders
    (tmp_path / "archive").mkdir()
    (tmp_path / "archive/b_cal.fits").touch()
    (in_dir / "b_cal.fits").symlink_to(tmp_path / "archive/b_cal.fits")
    assert f"has links into {tmp_path}/archive, which is not mounted; add --bind" in refusal(launch(f"in_dir={in_dir}"))
    assert words(launch("--dry-run", f"in_dir={in_dir}", "--bind", tmp_path / "archive"))
