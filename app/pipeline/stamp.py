"""What every product says about how it was made: this program's version, the data processing version, the CRDS context.

jwst leaves the context of the level-2 inputs in what it combines; products say the one that was really used.
"""

from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

from astropy.io import fits
from astropy.table import Table

from app.observation.fits_internals import careful_writes
from app.observation.names import ascii_name
from app.runtime.files import publish, settle

__all__ = ["Stamp"]


@dataclass(frozen=True, slots=True)
class Stamp:
    """Provenance that is written into the FITS header, into HISTORY and into the ASDF tree.

    Parameters
    ----------
    version : str
        Version of this program; keyword ``LV3VER``.
    dr_version : str
        Data processing version; keyword ``LV3DR``.
    context : str
        CRDS context that was used; keyword ``CRDS_CTX``.
    """

    version: str
    dr_version: str
    context: str

    @property
    def sentence(self) -> str:
        """The line in HISTORY."""
        return f"jwst-lv3 {self.version}, data processing version {self.dr_version}, CRDS context {self.context}"

    @property
    def _fields(self) -> dict[str, str]:
        """The block in the ASDF tree and in a table's meta data."""
        return {"version": self.version, "dr_version": self.dr_version, "crds_context": self.context}

    def on_model(self, model: Any) -> None:
        """Stamp a datamodel in place; what is no datamodel (a table) is left to `on_file`."""
        from stdatamodels.jwst.datamodels import JwstDataModel

        if not isinstance(model, JwstDataModel) or self._is_on(model):
            return
        model.meta.ref_file.crds.context_used = self.context
        model.meta.jwst_lv3 = self._fields
        cards = [
            ["LV3VER", self.version, "version of jwst-lv3"],
            ["LV3DR", self.dr_version, "data processing version"],
        ]
        model.extra_fits = {"PRIMARY": {"header": [*_other_cards(model), *cards]}}
        model.add_history_entry(self.sentence)

    def _is_on(self, model: Any) -> bool:
        return model.meta.instance.get("jwst_lv3") == self._fields

    def on_file(self, path: Path) -> None:
        """Stamp a product, if it is not yet: FITS files as datamodels, tables in their meta data."""
        if path.suffix == ".fits" and not self._is_in(fits.getheader(path)):  # a datamodel takes 100 times as long
            self._on_fits(path)
        elif path.suffix == ".ecsv":
            self._on_table(path)

    def _is_in(self, header: fits.Header) -> bool:
        said = [header.get(keyword) for keyword in ("LV3VER", "LV3DR", "CRDS_CTX")]
        return said == [self.version, self.dr_version, self.context]

    def _on_fits(self, path: Path) -> None:
        from stdatamodels.jwst import datamodels

        with datamodels.open(path) as model:
            self.on_model(model)
            temporary = path.parent / "stamping" / ascii_name(path.name)
            temporary.parent.mkdir(exist_ok=True)
            with careful_writes():
                model.save(temporary)
        publish(temporary.rename(temporary.with_name(path.name)), path.parent)
        temporary.parent.rmdir()

    def _on_table(self, path: Path) -> None:
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        n_head = next(number for number, line in enumerate(lines, start=1) if not line.startswith("#"))
        table = Table.read("".join(lines[:n_head]), format="ascii.ecsv")  # without rows: most of the time is theirs
        if table.meta.get("jwst_lv3") == self._fields:
            return
        table.meta["jwst_lv3"] = self._fields
        head = StringIO()
        table.write(head, format="ascii.ecsv")
        temporary = path.with_name(f".{path.name}")
        temporary.write_text(head.getvalue() + "".join(lines[n_head:]), encoding="utf-8")
        settle(temporary, path)


def _other_cards(model: Any) -> list[list[Any]]:
    extra = getattr(model, "extra_fits", None)
    header = extra.PRIMARY.header if extra is not None and hasattr(extra, "PRIMARY") else []
    return [list(card) for card in header if card[0] not in {"LV3VER", "LV3DR"}]
