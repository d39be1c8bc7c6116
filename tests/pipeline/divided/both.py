"""One observation through this program and through jwst's own pipeline, with the same parameters."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jwst.pipeline import Image3Pipeline

from app.pipeline.run import run_pipeline
from app.pipeline.stamp import Stamp
from app.plan.parameters import merged
from app.record.record import Record
from app.simulation import Truth
from tests.runs import make_step

NO_CATALOG = {"source_catalog": {"skip": True}}


@dataclass
class Products:
    """Files of one run."""

    folder: Path

    @property
    def exposures(self) -> list[Path]:
        return sorted(self.folder.glob("*_crf.fits"))

    @property
    def mosaic(self) -> Path:
        (path,) = self.folder.glob("ngc0628_*_i2d.fits")
        return path


def ours(truth: Truth, folder: Path, crds: Any, parameters: dict[str, Any], **options: Any) -> Products:
    """What this program makes; only the pipeline, without what comes before and after it."""
    step = make_step(truth, folder / "out", crds, jwst_parameters=NO_CATALOG | parameters, **options)
    products = folder / "work" / "products"
    products.mkdir(parents=True)
    association = step.create_asn_file([member.exposure.path for member in step.plan.members])
    run_pipeline(association, step.plan, Stamp("1", "v0", "none"), Record(folder, step.config), products)
    return Products(products)


def jwsts(truth: Truth, folder: Path, crds: Any, parameters: dict[str, Any]) -> Products:
    """What `Image3Pipeline` makes with the same parameters."""
    step = make_step(truth, folder / "out", crds, jwst_parameters=NO_CATALOG | parameters)
    association = step.create_asn_file([member.exposure.path for member in step.plan.members])
    steps = {name: table for name, table in merged(step.plan.layers).items() if isinstance(table, dict)}
    products = folder / "products"
    products.mkdir()
    Image3Pipeline.call(str(association), steps=steps, output_dir=str(products), save_results=True)
    return Products(products)
