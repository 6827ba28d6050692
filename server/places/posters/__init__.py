"""Posters of stairwell codes, from facts to a printable PDF. Asks no database and no request: it may take seconds."""

from server.places.posters.artwork import COPIES, Door, Size, missing_letters, print_out
from server.places.posters.lettering import Face, FontTrouble, face

__all__ = ["COPIES", "Door", "Face", "FontTrouble", "Size", "face", "missing_letters", "print_out"]
