"""How likely a pair of teams delivers late, by what came late before (DEFINITIONS, planning)."""


def late_risk(late: int, n: int) -> float:
    """(late + 1) ÷ (n + 2), 0…1: of `n` dependencies that were due, `late` came late. Without any: one half.

    Laplace's rule of succession. Raises ValueError when more came late than there were.
    """
    if not 0 <= late <= n:
        raise ValueError(f"{late} of {n} cannot be late")
    return (late + 1) / (n + 2)
