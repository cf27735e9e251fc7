"""Which runs are of the same province's network: what is of several is never told as one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from giaoban.errors import InputError
from giaoban.results.archive.history.entry import HistoryEntry


class Networks:
    """Networks are the same if they call themselves the same; one without a name is known by the
    sum of its file."""

    def __init__(self, entries: Iterable[HistoryEntry]) -> None:
        known = [e.province for e in entries if e.province is not None]
        self._names = {p.sha256: p.name for p in known if p.name}

    def of(self, entry: HistoryEntry) -> str:
        """What the network of a run is called; '' if the run says nothing of one."""
        province = entry.province
        if province is None:
            return ""
        name = self._names.get(province.sha256)
        return name or f"{province.file} ({province.sha256[:8]})"

    def apart(self, entries: Sequence[HistoryEntry]) -> dict[str, list[HistoryEntry]]:
        """The runs of each network, in the order of first runs; the last are of none."""
        found: dict[str, list[HistoryEntry]] = {}
        for entry in entries:
            found.setdefault(self.of(entry), []).append(entry)
        of_none = found.pop("", [])
        return found | ({"": of_none} if of_none else {})


def refuse_several(entries: Sequence[HistoryEntry]) -> None:
    """Raises `InputError`: the runs are of several provinces, whose figures make no one course."""
    names = [name for name in Networks(entries).apart(entries) if name]
    if len(names) > 1:
        raise InputError(
            "the runs are of {n} provinces, which are no one course: {names} (allowed: --scenario)",
            n=len(names),
            names=", ".join(names),
        )
