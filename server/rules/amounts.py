"""Points as integers in thousandths, and the only place where anything is rounded (design §6)."""


def round_half_up(numerator: int, denominator: int) -> int:
    """The integer nearest to `numerator / denominator`; an exact half goes up, towards +∞ (design §6 "rounded once").

    So 5/2 → 3, -5/2 → -2, -7/2 → -3. `denominator` must be positive, otherwise ValueError.
    """
    if denominator <= 0:
        raise ValueError("round_half_up needs a positive denominator")
    return (2 * numerator + denominator) // (2 * denominator)


def show_points(thousandths: int) -> str:
    """Thousandths of a point as people write them, no useless zeros: 85714 → "85.714", 85500 → "85.5", -2000 → "-2"."""
    whole, rest = divmod(abs(thousandths), 1000)
    sign = "-" if thousandths < 0 else ""
    return f"{sign}{whole}.{rest:03d}".rstrip("0").rstrip(".")


def show_percent(numerator: int, denominator: int, places: int = 1) -> str:
    """A share for reading, at most `places` (0–3) decimals: 11/12 → "91.7%", 1/2 → "50%". Not for reckoning on."""
    return show_points(round_half_up(numerator * 100 * 10**places, denominator) * 10 ** (3 - places)) + "%"
