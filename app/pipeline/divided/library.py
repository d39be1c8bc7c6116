"""The members of an association whose arrays stay in their files."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from jwst.datamodels import ImageModel

from app.observation.wcs_check import check_wcs, opened_by_jwst
from app.pipeline.divided.exposure_files import ExposureFile, Light, opened, save_model
from app.pipeline.divided.jwst_internals import OpeningLibrary
from app.pipeline.library import GroupedLibrary
from app.runtime.checkpoints import kept
from app.runtime.errors import InputError
from app.runtime.left_file import LeftFile
from app.runtime.pool import run_all

__all__ = ["ExposureLibrary", "Members"]


class ExposureLibrary(OpeningLibrary, GroupedLibrary):
    """A library that lends models without pixels, to steps that need none.

    Parameters
    ----------
    association : path or dict
        An association, or a table of one whose members have absolute paths.
    procs : int
        Number of processes that read the files.

    Raises
    ------
    InputError
        jwst cannot read files, or they have no WCS that can be believed; the error lists all of them.

    Attributes
    ----------
    files : list of Path
        Where the members' arrays are.
    subtracted : list of tuple of float, Plane or Pattern
        What is to be subtracted from the images in the files, in turn.
    noise_factors : list of float
        By what the variances of the read noise in the files are to be multiplied.
    """

    def __init__(self, association: Path | dict[str, Any], procs: int) -> None:
        super().__init__(association, asn_exptypes=["science"], on_disk=False)
        folder = Path(self.asn_dir)
        self.files = [folder / member["expname"] for member in self.asn["products"][0]["members"]]
        self._origins = tuple(self.files)
        self.subtracted: list[tuple[Light, ...]] = [() for _ in self.files]
        self.noise_factors = [1.0 for _ in self.files]
        read = list(run_all(_read, self.files, procs))
        if problems := [problem for problem in read if isinstance(problem, str)]:
            raise InputError(problems)
        self._read = {exposure.path: exposure.in_common() for exposure in read if isinstance(exposure, ExposureFile)}
        self._is_restored = False

    def finalize_result(self, step: Any, reference_files_used: list) -> None:
        """Leave out what stpipe does after every step; it is done once, before exposures are written."""

    def finish(self, step: Any) -> None:
        """Note versions and the log so far in every member, as stpipe does after a step."""
        super().finalize_result(step, [])

    def open_member(self, path: Path) -> ImageModel:
        """A datamodel of a member without its pixels."""
        return self._read.pop(path).without_pixels()

    def exposures(self) -> list[ExposureFile]:
        """All members with their current metadata; the library must not be open."""
        with self:
            return [self._exposure(index) for index in range(len(self))]

    def metadata(self) -> list[dict[str, Any]]:
        """Metadata of all members, which are open from then on; they are not to be changed."""
        found = []
        with self:
            for index, model in enumerate(self):
                found.append(model.instance["meta"])
                self.shelve(model, index, modify=False)
        return found

    def _exposure(self, index: int) -> ExposureFile:
        exposure = self._unopened(index)
        if exposure is None:
            model = self.borrow(index)
            self.shelve(model, index, modify=False)
            exposure = ExposureFile.of(self.files[index], model)
        path, subtracted, factor = self.files[index], self.subtracted[index], self.noise_factors[index]
        return replace(exposure, path=path, subtracted=subtracted, noise_factor=factor)

    def _unopened(self, index: int) -> ExposureFile | None:
        """A member that was restored, where nobody has borrowed it since."""
        return self._read.get(self._origins[index]) if self._is_restored else None

    def read_metadata(self, index: int, flatten: bool = True) -> dict[str, Any]:
        """Metadata of a member; of one that nobody has borrowed jwst would read those of the file it came from."""
        if exposure := self._unopened(index):
            assert flatten  # jwst asks otherwise before the first step, when nothing has been restored
            return exposure.without_pixels().get_crds_parameters()
        return super().read_metadata(index, flatten)

    def subtract(self, index: int, levels: Iterable[Light]) -> None:
        """Note that more is to be subtracted from the image of a member."""
        self.subtracted[index] += tuple(levels)

    def restore(self, exposures: Iterable[ExposureFile]) -> None:
        """Put all members into the state of `exposures`; the library must not be open."""
        self._read = dict(zip(self._origins, (exposure.in_common() for exposure in exposures), strict=True))
        self._is_restored = True
        self.files = [exposure.path for exposure in self._read.values()]
        self.subtracted = [exposure.subtracted for exposure in self._read.values()]
        self.noise_factors = [exposure.noise_factor for exposure in self._read.values()]
        self.close_members()

    def remember(self, name: str, change: Callable[[], None]) -> list[ExposureFile]:
        """All members as a change of their metadata leaves them; what an earlier start changed, they have already."""

        def finish() -> list[ExposureFile]:
            change()
            return self.exposures()

        self.restore(kept(name, finish))
        return self.exposures()

    def moved(self, paths: Iterable[Path]) -> None:
        """Note that the members are, with all changes, in other files now."""
        self.files = list(paths)
        self.subtracted, self.noise_factors = [() for _ in self.files], [1.0 for _ in self.files]

    def save_all(self, paths: Iterable[Path], procs: int) -> None:
        """Write every member into a file of its own, where it stays from then on."""
        paths = list(paths)
        moves = [(e, p) for e, p in zip(self.exposures(), paths, strict=True) if e.path != p]
        for _ in run_all(_save, moves, procs):
            pass
        self.moved(paths)

    def with_pixels(self, folder: Path, procs: int, on_disk: bool) -> GroupedLibrary:
        """A library of the same with their pixels, for steps that need or change them.

        Parameters
        ----------
        folder : Path
            For temporary files.
        procs : int
        on_disk : bool
            Models stay in files between uses.
        """
        self.save_all((folder / name for name in self.member_names), procs)
        product = {**self.asn["products"][0], "members": self._members_at(self.files)}
        table = {**self.asn, "products": [product]}
        return GroupedLibrary(table, on_disk=on_disk, temp_directory=folder)

    def _members_at(self, files: Iterable[Path]) -> list[dict[str, Any]]:
        members = self.asn["products"][0]["members"]
        return [{**member, "expname": str(file)} for member, file in zip(members, files, strict=True)]


class Members:
    """Some members of a library, for what asks a library for its models in turn.

    Parameters
    ----------
    library : ExposureLibrary
    places : sequence of int
        Places of the members.
    """

    def __init__(self, library: ExposureLibrary, places: Sequence[int]) -> None:
        self._library, self._places = library, places
        self.asn = library.asn

    def __enter__(self) -> "Members":
        self._library.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._library.__exit__(*error)

    def __len__(self) -> int:
        return len(self._places)

    def __iter__(self) -> Iterator[ImageModel]:
        return (self._library.borrow(place) for place in self._places)

    def shelve(self, model: ImageModel) -> None:
        """Take a model back."""
        self._library.shelve(model)

    def read_metadata(self, index: int) -> dict[str, Any]:
        """Metadata of a member, as the library gives them."""
        return self._library.read_metadata(self._places[index])


def _read(path: Path) -> ExposureFile | str:
    """The exposure of a file, or what is wrong with it."""
    try:
        with opened_by_jwst(path), opened(path) as model:
            check_wcs(model, path)
            return ExposureFile.of(path, model)
    except InputError as error:
        return str(error)


def _save(task: tuple[ExposureFile, Path]) -> LeftFile:
    """Write an exposure whole into a file, under its name there; nothing appears before it is whole."""
    exposure, path = task
    with exposure.open() as model:
        return LeftFile(save_model(model, path))
