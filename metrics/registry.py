"""The one list of measures.

A measure is a formula (metrics/formulas/), an entry here and a test. Tile, figure, CSV, API, `manage.py report` and the
explanation all read the Measurement that metrics/queries.py gets from the same entry, so they cannot disagree.
The types are in metrics/measurement.py, which is what formulas import.
"""

from metrics.measurement import Evidence, Measurement, Metric, Number, Point, Unit, Window

__all__ = ["METRICS", "Evidence", "Measurement", "Metric", "Number", "Point", "Unit", "Window"]

FLOW: dict[str, Metric] = {}
# The delivery measures: metrics/formulas/dora.py's functions, entered here.
DELIVERY: dict[str, Metric] = {}

METRICS: dict[str, Metric] = {**FLOW, **DELIVERY}
