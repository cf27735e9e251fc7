"""Links are called by their ends, whatever their identifiers are, and told from each other."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from giaoban.names import link_ends, link_names, link_tag

ROUTERS = ("r-a", "r-b", "r-c", "d")
Ends = dict[str, tuple[str, str]]
NAMES = st.fixed_dictionaries(
    {router: st.sampled_from(["Tây", "Đông", "Nam – Bắc", "Trung tâm (cũ)"]) for router in ROUTERS}
)
LINKS: st.SearchStrategy[Ends] = st.dictionaries(
    st.sampled_from(["a--b", "b--a", "a--b-2", "ql-14", "ql-1", "x"]),
    st.permutations(ROUTERS).map(lambda order: (order[0], order[1])),
)


@given(LINKS, NAMES)
def test_no_two_are_called_the_same_and_all_are_called_by_their_ends(
    ends: Ends, names: dict[str, str]
) -> None:
    called = link_names(ends, names)
    assert len(set(called.values())) == len(ends)
    known = names | called
    for link, both in ends.items():
        a, b = link_ends(link, known) or ("", "")
        assert f"{a} – {b}" == " – ".join(names[end] for end in both)
        others = [{names[end] for end in other} for at, other in ends.items() if at != link]
        beside = {names[end] for end in both} in others
        assert link_tag(link, known) == (f" ({link})" if beside else "")
