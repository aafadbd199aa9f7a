"""How long the portal takes to start (cold, then warm) and to stop, and its memory. `python -m bench.start`."""

import time

from tests.stack.portal import Portal, new_portal, processes
from tests.waiting import until


def started(portal: Portal) -> float:
    """Seconds from the command to an answer of /healthz."""
    begin = time.perf_counter()
    portal.up()
    until(portal.healthy, 60, every=0.02)
    return time.perf_counter() - begin


def stopped(portal: Portal) -> float:
    """Seconds from SIGTERM to the end of every process."""
    begin = time.perf_counter()
    portal.stop()
    until(portal.all_gone, 60, every=0.02)
    return time.perf_counter() - begin


def megabytes(portal: Portal) -> float:
    """The proportional share of memory (PSS) of all its processes."""
    total = 0
    for pid in processes(str(portal.home)):
        with open(f"/proc/{pid}/smaps_rollup") as file:
            total += next(int(line.split()[1]) for line in file if line.startswith("Pss:"))
    return total / 1024


def main() -> None:
    with new_portal() as portal:
        print(f"cold start, without the demo   {started(portal):6.1f} s")
        print(f"memory                         {megabytes(portal):6.0f} MB")
        print(f"stop                           {stopped(portal):6.1f} s")
        print(f"warm start                     {started(portal):6.1f} s")


if __name__ == "__main__":
    main()
