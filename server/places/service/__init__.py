"""Writing places: registering and changing one, importing a table of them, and the codes on stairwell doors."""

from server.places.layout import Also, Field, Layout
from server.places.posters import Size
from server.places.service.changing import change, create
from server.places.service.code_images import CodeImages
from server.places.service.codes import revoke_code, rotate_code
from server.places.service.importing import ImportReport, add_buildings, import_table
from server.places.service.printing import print_posters
from server.rules.tables import RowError

__all__ = [
    "Also",
    "CodeImages",
    "Field",
    "ImportReport",
    "Layout",
    "RowError",
    "Size",
    "add_buildings",
    "change",
    "create",
    "import_table",
    "print_posters",
    "revoke_code",
    "rotate_code",
]
