"""Provinces from CSV and GraphML, and back to GraphML."""

from __future__ import annotations

import math
import re
from pathlib import Path

import networkx
import pytest
from hypothesis import HealthCheck, given, settings
from provinces import provinces

from giaoban import tomlfile
from giaoban.errors import InputError
from giaoban.scenarios.project.init import ProjectOptions, make_project
from giaoban.topology.importers.complete import ImportOptions, complete, great_circle_km
from giaoban.topology.importers.files import (
    as_toml,
    export_graphml,
    guess_format,
    import_province,
)
from giaoban.topology.importers.graphml import graphml, read_graphml
from giaoban.topology.load import DEFAULT_PROVINCE, load_province
from giaoban.topology.model import Province
from giaoban.topology.network import build
from tests.laws import examples

ABILENE = Path(__file__).with_name("Abilene.graphml")


@pytest.mark.parametrize("source", [DEFAULT_PROVINCE, Path(__file__).with_name("small.toml")])
def test_export_and_import_give_the_same_province(source: Path, tmp_path: Path) -> None:
    province = load_province(source)
    export_graphml(province, tmp_path / "p.graphml")
    again, draft = import_province(tmp_path / "p.graphml", "graphml")
    assert (again, draft.notes) == (province, [])
    assert build(again) == build(province)
    (tmp_path / "p.toml").write_text(as_toml(again), encoding="utf-8")
    assert load_province(tmp_path / "p.toml") == province


@given(provinces())
@settings(
    max_examples=examples(25),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_any_province_survives_both_ways(tmp_path: Path, province: Province) -> None:
    (tmp_path / "p.graphml").write_text(graphml(province), encoding="utf-8")
    assert complete(read_graphml(tmp_path / "p.graphml")) == province


def test_other_programs_read_what_is_exported() -> None:
    graph = networkx.parse_graphml(graphml(load_province()))
    assert graph.nodes["r-dak-mil"]["lat"] == 12.44957
    assert graph.edges["r-cu-jut", "r-krong-no"]["km"] == 25.0
    assert graph.edges["mcu", "r-gia-nghia"]["kind"] == "access"


def test_a_network_of_the_topology_zoo() -> None:
    province, draft = import_province(ABILENE, "graphml")
    assert (len(province.routers), len(province.links), len(province.bridges)) == (11, 14, 11)
    link = next(link for link in province.links if link.id == "new-york--chicago")
    # great circle New York – Chicago: 1145 km
    assert link.km == pytest.approx(1145 * 1.2, rel=0.002)
    assert link.assumed
    assert "link table" in link.settled_by
    assert province.chair.router == province.mcu.router
    assert any("no MCU" in note for note in draft.notes)
    assert any("no routing in the file: OSPF with BFD" in note for note in draft.notes)
    assert len(build(province).bridges) == 11


def test_an_imported_network_has_the_routing_of_a_new_project(tmp_path: Path) -> None:
    init = make_project(tmp_path / "init", ProjectOptions(language="en"))
    template = load_province(next(path for path in init.files if path.name == "province.toml"))
    (tmp_path / "sites.csv").write_text("name;lat;lon\nA;12,0;107,0\nB;12,0;108,0\n")
    (tmp_path / "links.csv").write_text("a;b\nA;B\n")
    for path in (ABILENE, tmp_path):
        province, _ = import_province(path, guess_format(path))
        assert province.routing == template.routing


def test_the_mcu_goes_where_fibre_to_all_is_shortest_or_where_asked() -> None:
    by_hand, draft = import_province(
        ABILENE, "graphml", ImportOptions(mcu_at="Denver", id="x", name="X")
    )
    assert (by_hand.mcu.router, by_hand.id, by_hand.name) == ("r-denver", "x", "X")
    graph = networkx.Graph()
    for link in by_hand.links:
        graph.add_edge(link.a, link.b, km=link.km)
    lengths = dict(networkx.all_pairs_dijkstra_path_length(graph, weight="km"))
    nearest = min(lengths, key=lambda node: math.fsum(lengths[node].values()))
    assert import_province(ABILENE, "graphml")[0].mcu.router == nearest
    with pytest.raises(InputError, match=r'--mcu-at: no router "Denvr" .*"Denver"'):
        complete(read_graphml(ABILENE), ImportOptions(mcu_at="Denvr"))
    assert draft.path == ABILENE


def zoo(path: Path, nodes: str, edges: str, graph: str = 'edgedefault="undirected"') -> Path:
    keys = [("Latitude", "double", "node"), ("Longitude", "double", "node")]
    keys += [("label", "string", "node")]
    keys += [("rate_mbps", "double", "edge")]
    head = "".join(
        f'<key attr.name="{name}" attr.type="{kind}" for="{of}" id="{name}" />'
        for name, kind, of in keys
    )
    path.write_text(
        '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">'
        f"{head}<graph {graph}>{nodes}{edges}</graph></graphml>",
        encoding="utf-8",
    )
    return path


def node(number: int, label: str, **data: object) -> str:
    inner = "".join(f'<data key="{key}">{value}</data>' for key, value in data.items())
    return f'<node id="{number}"><data key="label">{label}</data>{inner}</node>'


def edge(a: int, b: int, **data: object) -> str:
    inner = "".join(f'<data key="{key}">{value}</data>' for key, value in data.items())
    return f'<edge source="{a}" target="{b}">{inner}</edge>'


WEST, EAST = {"Latitude": 12.0, "Longitude": 107.0}, {"Latitude": 12.0, "Longitude": 108.0}


def test_parallel_links_and_links_both_ways(tmp_path: Path) -> None:
    nodes = node(0, "A", **WEST) + node(1, "B", **EAST)
    edges = edge(0, 1, rate_mbps=1e3) + edge(1, 0, rate_mbps=1e3)
    province, _ = import_province(zoo(tmp_path / "p.graphml", nodes, edges), "graphml")
    assert [link.id for link in province.links] == ["a--b", "a--b-2"]
    directed = zoo(tmp_path / "d.graphml", nodes, edges, 'edgedefault="directed"')
    assert [link.id for link in import_province(directed, "graphml")[0].links] == ["a--b"]


@pytest.mark.parametrize(
    ("nodes", "edges", "message"),
    [
        (node(0, "A") + node(1, "B"), edge(0, 1), r'node "0": has no place'),
        (node(0, "A", **WEST) + node(1, "B", **EAST), "", r"in 2 pieces.*\[r-b\]"),
        (node(0, "A", Latitude=12.0), "", r"has no place"),
        (node(0, "A", Latitude=95.0, Longitude=1.0), "", r"lat = 95.0: is out of range"),
        ("", "", r"has 0 routers"),
        (
            node(0, "A", **WEST) + node(1, "B", **EAST),
            edge(0, 1, rate_mbps=1e9),
            r'edge "0" – "1": rate_mbps = 1000000000.0: is out of range',
        ),
        *(
            (node(0, "A", **WEST) + node(1, "B", **EAST), edge(0, 1, rate_mbps=rate), "rate_mbps")
            for rate in (math.inf, math.nan, 1e308)
        ),
    ],
)
def test_networks_that_cannot_be_are_refused(
    tmp_path: Path, nodes: str, edges: str, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        import_province(zoo(tmp_path / "bad.graphml", nodes, edges), "graphml")


def test_great_circle_of_a_known_distance() -> None:
    """A degree of latitude on this sphere is 111.195 km; half around is 20,015 km."""
    assert great_circle_km((0, 0), (1, 0)) == pytest.approx(111.195, abs=0.001)
    assert great_circle_km((0, 0), (0, 180)) == pytest.approx(20_015.1, abs=0.1)
    assert great_circle_km((12, 107), (12, 107)) == 0


def tables_of(folder: Path, sites: str, links: str) -> Path:
    (folder / "sites.csv").write_text(sites, encoding="utf-8-sig")
    (folder / "links.csv").write_text(links, encoding="utf-8-sig")
    return folder / "sites.csv"


SITES = "Tên;Vĩ độ;Kinh độ\nBuôn A;12,0;107,0\nBuôn B;12,1;107,2\nBuôn C;12,1;107,2\n"


def test_tables_as_a_person_writes_them(tmp_path: Path) -> None:
    links = "Từ;Đến;Độ dài (km);Tốc độ (Mb/s);Nguồn\nBuôn A;buon b;30,5;50;hợp đồng 12\n"
    path = tables_of(tmp_path, SITES, links + "Buôn B;Buôn C;;;\n")
    province, draft = import_province(path, guess_format(path), ImportOptions(name="Tỉnh Thử"))
    assert province.id == "tinh-thu"
    assert [router.id for router in province.routers] == ["r-buon-a", "r-buon-b", "r-buon-c"]
    known, guessed = province.links
    assert (known.km, known.rate_mbps, known.buffer_packets) == (30.5, 50, 500)
    assert known.source.startswith("hợp đồng 12; queue: none given")
    assert (guessed.km, guessed.rate_mbps, guessed.assumed) == (0, 100, True)
    assert [bridge.name for bridge in province.bridges] == ["Buôn A", "Buôn B", "Buôn C"]
    assert any("1 × length" in note for note in draft.notes)


@pytest.mark.parametrize(
    ("sites", "links", "message"),
    [
        (SITES, "a;b\nBuôn A;Buôn D\n", r"links.csv:2: column 'b': no router \"Buôn D\""),
        (SITES, "a;b\nBuôn A;Buôn A\n", r"links.csv:2: joins \"r-buon-a\" to itself"),
        (
            SITES,
            "a;b\nBuôn A;Buôn B\nBuôn B;Buôn A\n",
            r"links.csv:3: a link between .* is there already, .*links.csv:2",
        ),
        (SITES, "a;b;km\nBuôn A;Buôn B;xa\n", r"links.csv:2: column 'km' = 'xa'"),
        *(
            (SITES, f"a;b;{figure}\nBuôn A;Buôn B;{written}\n", rf"{figure}.*{written}.*ambiguous")
            for figure in ("rate_mbps", "buffer_packets")
            for written in ("1,000", "1.250")
        ),
        (
            SITES,
            "a;b;km\nBuôn A;Buôn B;-3\nBuôn A;Buôn C;1\n",
            r"links.csv:2: km = -3.0: is out of range",
        ),
        (SITES, "a;b\nBuôn A;Buôn B\n", r"in 2 pieces"),
        ("name;lat\nA;north\n", "a;b\nA;A\n", r"sites.csv:2: column 'lat' = 'north'"),
        ("name;kind\nA;hub\n", "a;b\nA;A\n", r"sites.csv:2: column 'kind' = 'hub'"),
        ("name;kind\nA;mcu\n", "a;b\nA;A\n", r"no router"),
        (
            "name;kind;router;lat;lon\nA;router;;1;1\nM;mcu;A;;\nN;mcu;A;;\n",
            "a;b\nA;A\n",
            r"to itself",
        ),
        (SITES.replace("Buôn B", "Buôn A"), "a;b\nBuôn A;Buôn C\n", r"names 2 routers"),
        ("id;name\nx;A\nx;B\n", "a;b\nx;B\n", r'sites.csv:3: id "x" is that of line 2'),
        (
            SITES,
            "id;a;b\nx;Buôn A;Buôn B\nx;Buôn B;Buôn C\n",
            r'links.csv:3: id "x" is that of line 2',
        ),
    ],
)
def test_bad_tables(tmp_path: Path, sites: str, links: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        import_province(tables_of(tmp_path, sites, links), "csv")


@pytest.mark.parametrize(
    ("figure", "said"),
    [
        ("rate_mbps = 0.01", "(allowed: 0.064 to 100000 Mb/s)"),
        ("lat = 91.0", "(allowed: -90 to 90° north)"),
        ("buffer_packets = 1", "(allowed: 2 to 1000000 packets)"),
        ("us_per_km = 2.0", "(allowed: 3.3 to 10 µs/km)"),
    ],
)
def test_a_limit_can_be_copied_into_the_file(tmp_path: Path, figure: str, said: str) -> None:
    key = figure.partition(" ")[0]
    text = re.sub(
        f"^{key} = .*$", figure, DEFAULT_PROVINCE.read_text(encoding="utf-8"), flags=re.MULTILINE
    )
    (tmp_path / "p.toml").write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        load_province(tmp_path / "p.toml")
    assert said in str(caught.value)


def test_toml_text_refuses_what_toml_does_not_know() -> None:
    assert tomlfile.dumps({"a b": [1, True, "x"], "t": {"n": 1.5, "u": None}}) == (
        '"a b" = [1, true, "x"]\n\n[t]\nn = 1.5\n'
    )
    with pytest.raises(TypeError):
        tomlfile.dumps({"a": {1, 2}})
