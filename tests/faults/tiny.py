"""The smallest run that has all steps but the catalogue, for tests that run it very often."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pytest

from app.config.schema import Lv3Config
from app.crds import CrdsOptions
from app.simulation import simulate_observation
from tests.faults.command import record
from tests.faults.compare import differences, file_differences, products
from tests.faults.forked import forked, step

OPTIONS = {"procs": 1, "report": False, "do_blot": True, "jwst_parameters": {"source_catalog": {"skip": True}}}


@dataclass(frozen=True)
class Tiny:
    """A run that nobody disturbs, and the same into another folder."""

    config: Lv3Config
    out: Path

    @property
    def reference(self) -> Path:
        """Folder of the undisturbed run."""
        return self.config.output_folder

    @property
    def work(self) -> Callable[[], None]:
        """What makes `out`."""
        return partial(step, replace(self.config, out_dir=str(self.out)))

    def check_whole(self) -> None:
        """What has a final name is whole, and the record is one."""
        if not self.out.exists():
            return
        for name in products(self.out):
            assert file_differences(self.out / name, self.reference / name) == []
        if (self.out / "lv3_run.json").exists():
            assert record(self.out)["state"]

    def check_finished(self) -> None:
        """All is there, to the bit, and nothing else; the folder is made free for the next run."""
        assert differences(self.out, self.reference) == []
        assert record(self.out)["state"] == record(self.reference)["state"]
        assert [path.name for path in self.out.iterdir() if path.name.startswith(".")] == []
        shutil.rmtree(self.out)

    def finish(self) -> None:
        """Give the same command again, which nobody disturbs."""
        status, said = forked(self.out.parent, self.work)
        assert status == 0, said
        self.check_finished()


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory, crds: CrdsOptions) -> Tiny:
    """The undisturbed run; this process has loaded then what forks of it need."""
    folder = tmp_path_factory.mktemp("tiny")
    truth = simulate_observation(folder / "exposures", n_dithers=2, window=(64, 64))
    where = {"in_dir": str(truth.folder), "out_dir": str(folder / "reference"), "crds": crds}
    config = Lv3Config(target="ngc0628", band=truth.band, **where, **OPTIONS)
    step(config)
    return Tiny(config, folder / "out")
