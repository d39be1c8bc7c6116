"""What a run is going to do, from the configuration and the headers alone."""

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from app.config.schema import Lv3Config
from app.crds import ReferenceSet, resolve
from app.observation.bands import Band
from app.observation.exposure import Exposure
from app.observation.exposure_headers import read_exposures
from app.observation.files import find_files
from app.observation.grouping import groups
from app.observation.members import Member, Role
from app.observation.moving import in_target_frame
from app.observation.names import CRF, TILES_INDEX, ProductNames, exposure_product
from app.observation.packed import PACKED, UNPACKED_FOLDER, readable, unpacked_name
from app.plan.association import association
from app.plan.parameters import Layer, Parameters, crds_layers, effective, layers, merged
from app.plan.roles import assign_roles, find_band
from app.plan.selection import Selected, select
from app.plan.tiling import Tiling
from app.runtime.errors import CrdsError

__all__ = ["CATALOGUE_UNIT", "UNIT_ORIGIN", "Plan", "make_plan"]

#: The unit without which source_catalog fails (jwst.source_catalog, convert_mjysr_to_jy).
CATALOGUE_UNIT = "MJy/sr"
#: Start of the origin of parameters that the unit of the exposures decides.
UNIT_ORIGIN = "unit"

#: Steps of calwebb_image3 after the one that gives the exposures their places.
_STEPS = ("skymatch", "outlier_detection", "resample", "source_catalog")


@dataclass(frozen=True)
class Plan:
    """A run before it starts. Headers are read when it is made; what needs jwst is found out when it is asked for.

    Parameters
    ----------
    config : Lv3Config
    band : Band
    members : list of Member
        Every exposure with its role.
    groups : dict
        ``{"tweakreg" | "skymatch" | "native": {group id: [file name, ...]}}``, science only; without tweakreg where the
        target moves.
    selected : Selected or None
        What was taken of the files in in_dir, and what was left out; None where the files were given.
    """

    config: Lv3Config
    band: Band
    members: list[Member]
    groups: dict[str, dict[str, list[str]]]
    selected: Selected | None = None

    @property
    def science(self) -> list[Exposure]:
        """The exposures that make the mosaic."""
        return [m.exposure for m in self.members if m.role is Role.SCIENCE]

    @cached_property
    def group_of(self) -> dict[str, dict[str, str]]:
        """`groups` by exposure: ``{step: {file name: group id}}``."""
        return {
            step: {name: group for group, names in grouped.items() for name in names}
            for step, grouped in self.groups.items()
        }

    @property
    def is_moving(self) -> bool:
        """Whether the target moves: calwebb_image3 then runs assign_mtwcs in tweakreg's place."""
        return any(e.is_moving for e in self.science)

    def steps(self, parameters: Parameters) -> list[str]:
        """Names of the pipeline's steps that run under these parameters, in order."""
        first = "assign_mtwcs" if self.is_moving else "tweakreg"
        return [step for step in (first, *_STEPS) if not parameters.skips(step)]

    @property
    def names(self) -> ProductNames:
        """File names of the mosaic and of what belongs to it."""
        return ProductNames(self.config.target, self.band, self.config.is_bgr)

    @property
    def product(self) -> str:
        """Root of the mosaic's file name."""
        return self.names.root

    @property
    def association_path(self) -> Path:
        """Where the association is written."""
        return self.config.output_folder / self.names.association

    @property
    def association(self) -> dict[str, Any]:
        """The association as a table."""
        return association(self.members, self.product, self.config.target)

    @property
    def exposure_products(self) -> list[str]:
        """File names of the exposures as they go into the mosaic; none where they are inputs already."""
        return [] if self.config.is_of_finished else [exposure_product(exposure.name, CRF) for exposure in self.science]

    @property
    def tiling(self) -> Tiling | None:
        """How the mosaic's grid is cut; None where the mosaic is made in one piece."""
        size, config = self.config.tile_size, self.config
        return None if size is None else Tiling(size, config.tile_overlap, tuple(config.tiles))

    @property
    def combined(self) -> str:
        """File name of what is there once the exposures are combined: the mosaic, or the index of its tiles."""
        return TILES_INDEX[0] if self.tiling else self.names.mosaic

    @property
    def promised(self) -> list[str]:
        """File names of what the pipeline has to make: the exposures, and the mosaic where it makes one."""
        return [*self.exposure_products, *([] if self.parameters.skips("resample") else [self.combined])]

    @cached_property
    def asked(self) -> list[Layer]:
        """Parameters that band and configuration ask for, weakest first, as far as the exposures allow it."""
        return self._possible(layers(self.config, self.band))

    @cached_property
    def references(self) -> ReferenceSet:
        """Reference files that CRDS gives to the run; its environment must be set (`crds.set_environment`).

        Raises
        ------
        CrdsError
            The cache lacks or spoils what the run will ask for.
        """
        tables = merged(self.asked)
        skipped = [step for step, table in tables.items() if isinstance(table, dict) and table.get("skip") is True]
        try:
            with readable(self.science[0].file) as exposure:
                return resolve(exposure, skipped)
        except OSError as error:
            raise CrdsError(f"crds.path: {error.filename}: cannot be read ({error.strerror})") from error

    @cached_property
    def layers(self) -> list[Layer]:
        """Parameters that CRDS, the band and the configuration ask for, weakest first."""
        return self._possible(layers(self.config, self.band, crds_layers(self.references.files)))

    def __str__(self) -> str:
        from app.plan.text import as_table, look_at

        return as_table(look_at(self))

    def _repr_html_(self) -> str:
        from app.plan.text import as_html, look_at

        return as_html(look_at(self))

    def _possible(self, chosen: list[Layer]) -> list[Layer]:
        """The layers, and on top what the exposures do not allow otherwise."""
        unit = self.science[0].unit
        is_skipped = merged(chosen).get("source_catalog", {}).get("skip") is True
        if unit == CATALOGUE_UNIT or is_skipped:
            return chosen
        return [*chosen, Layer(f"{UNIT_ORIGIN} {unit}", {"source_catalog": {"skip": True}})]

    @cached_property
    def parameters(self) -> Parameters:
        """Every parameter as the run will have it, with its origin."""
        return effective(self.layers)


def make_plan(config: Lv3Config, files: list[Path] | None = None) -> Plan:
    """Plan a run.

    Parameters
    ----------
    config : Lv3Config
        Checked before (see `validation.check`).
    files : list of Path, optional
        Input files; default those that the configuration names.

    Raises
    ------
    InputError, ConfigError
        The run cannot be made.
    """
    selected = None
    if files is None:
        selected = select(find_files(config.in_dir, config.step_ext, config.exclude, config.is_of_survey), config)
        files = selected.files
    exposures = read_exposures(files, config.n_procs)
    exposures = [_unpacked(exposure, config.work_folder) for exposure in exposures]
    band = find_band(exposures, config.band)
    members = _placed(assign_roles(exposures, config))
    science = [m.exposure for m in members if m.role is Role.SCIENCE]
    aligned = {} if any(e.is_moving for e in science) else {"tweakreg": groups(science, config.tweakreg_rules)}
    grouped = aligned | {
        "skymatch": groups(science, config.skymatch_rules),
        "native": groups(science),
    }
    return Plan(config, band, members, grouped, selected)


def _unpacked(exposure: Exposure, work_folder: Path) -> Exposure:
    """The exposure where a run can read it."""
    if exposure.path.suffix != PACKED:
        return exposure
    place = work_folder / UNPACKED_FOLDER / unpacked_name(exposure.name)
    return replace(exposure, path=place, packed=exposure.path)


def _placed(members: list[Member]) -> list[Member]:
    """Members with the footprints that they will have in the mosaic before alignment."""
    placed = in_target_frame([m.exposure for m in members if m.role is Role.SCIENCE])
    by_path = {exposure.path: exposure for exposure in placed}
    return [replace(m, exposure=by_path.get(m.exposure.path, m.exposure)) for m in members]
