"""The administrative units of Đắk Nông that may become bridges, and lists of one's own.

`catalogue().pick("Quảng Sơn")` finds units; `units_from_csv(path)` reads a list from a spreadsheet;
`as_bridges(units, province)` makes bridges of them, as a scenario's `[[bridge]]` would.
"""

from giaoban.topology.units.bridges import ACCESS_MBPS, BUFFER_PACKETS, as_bridges
from giaoban.topology.units.known import Catalogue, catalogue
from giaoban.topology.units.lists import units_from_csv
from giaoban.topology.units.unit import Unit

__all__ = [
    "ACCESS_MBPS",
    "BUFFER_PACKETS",
    "Catalogue",
    "Unit",
    "as_bridges",
    "catalogue",
    "units_from_csv",
]
