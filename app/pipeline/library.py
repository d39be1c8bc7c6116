"""A jwst ModelLibrary whose groups can change from one step to the next.

jwst fixes the groups when a library is made, from the members of the association. Rather than editing its insides,
`GroupedLibrary` answers the public questions that steps ask (``group_names``, ``group_indices``, and the
``meta.group_id`` of a borrowed model) from the grouping that is in force.
tests/pipeline/test_library.py fails when a jwst release asks in another way.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import Any

from jwst.datamodels import ModelLibrary

__all__ = ["GroupedLibrary"]


class GroupedLibrary(ModelLibrary):
    """The members of an association, under groups that a step can choose.

    Parameters
    ----------
    *args, **kwargs
        As for `jwst.datamodels.ModelLibrary`.

    Attributes
    ----------
    member_names : list of str
        File names of the members, in their order.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        members = self.asn["products"][0]["members"]
        self.member_names = [member["expname"].rpartition("/")[2] for member in members]
        self._native_ids = [member["group_id"] for member in members]
        self._group_ids = self._native_ids

    @cached_property
    def asn(self) -> dict[str, Any]:
        """The association; jwst copies all of it whenever it is asked, several times for each member."""
        return super().asn

    @contextmanager
    def grouped(self, group_ids: Mapping[str, str]) -> Iterator[None]:
        """Put every member into the group that `group_ids` gives to its file name; native groups are back after.

        Parameters
        ----------
        group_ids : mapping of str to str
            Group id by file name, for every member.

        Raises
        ------
        KeyError
            A member has no group.
        """
        self._group_ids = [group_ids[name] for name in self.member_names]
        try:
            yield
        finally:
            self._group_ids = self._native_ids

    @property
    def group_names(self) -> set[str]:
        """Ids of the groups in force."""
        return set(self._group_ids)

    @property
    def group_indices(self) -> dict[str, list[int]]:
        """Indices of members by the ids of the groups in force."""
        indices: dict[str, list[int]] = {}
        for index, group in enumerate(self._group_ids):
            indices.setdefault(group, []).append(index)
        return indices

    def borrow(self, index: int) -> Any:
        """Borrow a model; it carries the id of its group in force.

        Parameters
        ----------
        index : int
            Place of the member in the library.

        Returns
        -------
        JwstDataModel
        """
        model = super().borrow(index)
        model.meta.group_id = self._group_ids[index]
        return model
