"""The mosaic of a run and all that belongs to it: made, or made up for, published, measured."""

from contextlib import nullcontext
from dataclasses import dataclass, field
from filecmp import cmp
from pathlib import Path

from app.observation.names import REPORT_NAME
from app.pipeline.stamp import Stamp
from app.plan.association import write_association
from app.plan.checks.outputs import strangers
from app.plan.corrections import TABLE_NAME
from app.plan.plan import Plan
from app.record.product_kinds import product_kinds
from app.record.provenance import references
from app.record.record import Record
from app.record.standing import identity
from app.run.examine import examine
from app.run.folder import OutputFolder
from app.run.resumption import Beginning, files_read
from app.runtime.checkpoints import keeping
from app.runtime.errors import InputError, Lv3Error

__all__ = ["Making"]


@dataclass(frozen=True, slots=True)
class Making:
    """How the mosaic is made.

    Parameters
    ----------
    plan : Plan
    folder : OutputFolder
        It is taken.
    record : Record
        Of the run; it lists each product before that has its place.
    stamp : Stamp
        What products say they were made by.
    stale : set of str
        Products of exposures with other outliers: they go when the first new ones are published.
    """

    plan: Plan
    folder: OutputFolder
    record: Record
    stamp: Stamp
    stale: set[str] = field(default_factory=set)

    def make(self, begin: Beginning) -> None:
        """Make what is missing.

        Parameters
        ----------
        begin : Beginning
            Where the run begins afresh, the products go that its record lists: those of the run before.
        """
        if begin.record is None:
            self.folder.remove(product["file"] for product in self.record.data["products"])
            self.record.add(products=[])
            self.record.add_inputs(self.plan.members, files_read(self.plan.config))
        elif not (begin.has_mosaic or begin.is_aligned):
            self._take_back()
        if self.plan.config.resume:
            self.folder.own(identity(self.record.data))
        with keeping(self.folder.checkpoints) if self.plan.config.resume else nullcontext():
            if not begin.is_made:
                self._run(begin)
            if "measurements" not in self.record.data:
                examine(self.plan, self.record, self.folder.path)
        self.folder.disown()

    def make_companions(self) -> None:
        """Make the products of every exposure that are asked for and not there."""
        config, record = self.plan.config, self.record
        if any(kind.missing(record.data, self.folder.path) for kind in product_kinds(config)):
            from app.postprocess.products import postprocess

            postprocess(config, self.plan.names.mosaic, record, self.stamp, self.folder.work / "postprocess")

    def _take_back(self) -> None:
        """Take exposures back that were published when a start was cut off, and remove what is made anew."""
        listed, names = self.record.data["products"], self.plan.names
        taken = {product["file"] for product in listed} - {names.association, REPORT_NAME}
        made_anew = {names.mosaic, names.catalogue, names.segments}
        self.folder.remove(taken & made_anew)
        self.folder.take_back(taken - made_anew)
        self.record.add(products=[product for product in listed if product["file"] not in taken])

    def _run(self, begin: Beginning) -> None:
        from app.pipeline.aligned import Aligned
        from app.pipeline.run import run_pipeline

        plan, record = self.plan, self.record
        record.add(steps=plan.steps(plan.parameters), references=references(plan.references))
        self._publish([write_association(plan.association, self.folder.work / plan.names.association)])
        if begin.is_aligned:
            before = {product["file"] for product in record.data["kept_from"]["products"]}
            self.stale.update(before - {plan.names.association, TABLE_NAME})
        run_pipeline(
            plan.association_path,
            plan,
            self.stamp,
            record,
            self.folder.products,
            self._publish_mosaic,
            self.folder.path / plan.names.mosaic if begin.has_mosaic else None,
            Aligned(self.folder.path, record.data["groups"], record.data["sky_subtracted"])
            if begin.is_aligned
            else None,
        )
        made = {product["file"] for product in record.data["products"]}
        if missing := [name for name in plan.promised if name not in made]:
            raise Lv3Error(f"the pipeline has not made {', '.join(missing)}; it made {', '.join(sorted(made))}")
        record.data.get("kept_from", {}).pop("products", None)
        record.add(pipeline="complete")

    def _remove_stale(self, new: set[str]) -> None:
        """Remove what is not replaced of the products of exposures with other outliers."""
        gone = self.stale - new
        self.stale.clear()
        self.folder.remove(gone)
        self.record.add(products=[product for product in self.record.data["products"] if product["file"] not in gone])

    def _publish_mosaic(self, files: list[Path]) -> None:
        """Publish products, the mosaic among them if there is to be one; what led to it is not needed any more."""
        if self.stale:
            self._remove_stale({file.name for file in files})
        self._publish(files)
        if any(file.name == self.plan.names.mosaic for file in files):
            self.record.add(pipeline="mosaic")
            self.folder.empty()

    def _publish(self, files: list[Path]) -> None:
        """Move whole products to their places; one that would replace a file that is not ours stays behind."""
        for file in files:
            self.stamp.on_file(file)
        listed = [product["file"] for product in self.record.data["products"]]
        new = [file for file in files if not _is_same(file, self.folder.path / file.name)]
        taken = strangers(self.folder.path, [file.name for file in new], listed)
        own = [file for file in files if file.name not in taken]
        self.record.add_products(own)  # listed first: what is published is always known as ours
        self.folder.publish(own)
        if taken:
            raise InputError(
                f"out_dir={self.folder.path}: {', '.join(taken)} would replace files that are not this program's: "
                "move them away, and run again"
            )


def _is_same(file: Path, other: Path) -> bool:
    """Whether a file is there already, with the same content."""
    return other.is_file() and cmp(file, other, shallow=False)
