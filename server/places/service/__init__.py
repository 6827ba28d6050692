"""Writing places: registering and changing one, importing a table of them, and the codes on stairwell doors."""

from server.places.layout import Also, Field, Layout, RowError
from server.places.service.changing import change, create
from server.places.service.codes import revoke_code, rotate_code
from server.places.service.importing import ImportReport, add_buildings, import_table

__all__ = [
    "Also",
    "Field",
    "ImportReport",
    "Layout",
    "RowError",
    "add_buildings",
    "change",
    "create",
    "import_table",
    "revoke_code",
    "rotate_code",
]
