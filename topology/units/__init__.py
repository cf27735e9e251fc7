"""Administrative units of Đắk Nông that may become bridges, and an office's own lists of units."""

from giaoban.topology.units.known import Catalogue, Unit, catalogue
from giaoban.topology.units.lists import as_bridges, units_from_csv

__all__ = ["Catalogue", "Unit", "as_bridges", "catalogue", "units_from_csv"]
