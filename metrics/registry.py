"""The one list of measures.

A measure is a formula (metrics/formulas/), an entry here and a test. Tile, figure, CSV, API, `manage.py report` and the
explanation all read the Measurement that metrics/queries.py gets from the same entry, so they cannot disagree.
The types are in metrics/measurement.py, which is what formulas import.
"""

from metrics.formulas import blocked, constraint, dora, expectations, flow, stocks, velocity
from metrics.measurement import Evidence, Measurement, Metric, Number, Point, Unit, Window, recomputed

__all__ = ["METRICS", "Evidence", "Measurement", "Metric", "Number", "Point", "Unit", "Window", "recomputed"]


FLOW: dict[str, Metric] = {
    metric.key: metric
    for metric in (
        Metric(
            key="cycle_time",
            label="Cycle time",
            question="How long does an item take once it is started?",
            unit="days",
            family="flow",
            formula=flow.cycle_time,
            recompute=flow.middle,
            better="less",
            definition=(
                "Finished date minus started date plus 1, in calendar days of the team's zone, of the items finished in"
                " the window; the same day is 1. Started is when the item last left the backlog, so going back there"
                " is a false start; a reopening keeps the start. The figure is the 50th percentile by nearest rank."
            ),
        ),
        Metric(
            key="lead_time",
            label="Lead time",
            question="How long does an item take from its creation?",
            unit="days",
            family="flow",
            formula=flow.lead_time,
            recompute=flow.middle,
            better="less",
            definition=(
                "Finished date minus created date plus 1, in calendar days of the team's zone, of the items finished in"
                " the window; the same day is 1. The figure is the 50th percentile by nearest rank."
            ),
        ),
        Metric(
            key="throughput",
            label="Throughput",
            question="How many items do we finish?",
            unit="items",
            family="flow",
            formula=flow.throughput,
            recompute=flow.total,
            better="more",
            additive=True,
            definition=(
                "Items finished in the window, by the date they last became done; days with none count as zero. An item"
                " that was reopened counts once, at its latest finish, and not at all while it is open."
            ),
        ),
        Metric(
            key="arrivals",
            label="Arrivals",
            question="How much work comes in?",
            unit="items",
            family="flow",
            formula=flow.arrivals,
            recompute=flow.total,
            additive=True,
            definition=(
                "Items entering work in progress: started, reopened or moved in; net per item, team and day. The figure"
                " of a stream is the sum over its teams."
            ),
        ),
        Metric(
            key="departures",
            label="Departures",
            question="How much work goes out?",
            unit="items",
            family="flow",
            formula=flow.departures,
            recompute=flow.total,
            additive=True,
            definition=(
                "Items leaving work in progress: finished, returned to the backlog, removed or moved out; net per item,"
                " team and day. The figure of a stream is the sum over its teams."
            ),
        ),
        Metric(
            key="net_flow",
            label="Net flow",
            question="Does more work leave than arrive?",
            unit="items",
            family="flow",
            formula=flow.net_flow,
            recompute=flow.total,
            additive=True,
            definition="Departures minus arrivals. Below zero, work in progress grows by as much.",
        ),
        Metric(
            key="wip",
            label="Work in progress",
            question="How much is in progress?",
            unit="items",
            family="flow",
            formula=stocks.wip,
            recompute=flow.total,
            additive=True,
            definition=(
                "Items that are active or waiting at the end of the window's last day, or at the as-of time if that is"
                " earlier, whatever happened later. An item belongs to the team that holds it at the day's end."
            ),
        ),
        Metric(
            key="work_item_age",
            label="Work item age",
            question="How old is the work in progress?",
            unit="days",
            family="flow",
            formula=stocks.work_item_age,
            recompute=flow.middle,
            better="less",
            definition=(
                "As-of date minus started date plus 1, in calendar days, of each item in progress at the end of the"
                " window. The figure is the 50th percentile by nearest rank."
            ),
        ),
        Metric(
            key="total_work_item_age",
            label="Total work item age",
            question="How much age has the work in progress gathered?",
            unit="item days",
            family="flow",
            formula=stocks.total_work_item_age,
            recompute=flow.total,
            better="less",
            additive=True,
            definition="The sum of the ages, in calendar days, of all items in progress at the end of the window.",
        ),
        Metric(
            key="time_in_state",
            label="Time in state",
            question="Where do items spend their time?",
            unit="seconds",
            family="flow",
            formula=flow.time_in_state,
            recompute=flow.seconds,
            additive=True,
            definition=(
                "Seconds spent in each status from creation to finish, of the items finished in the window; for streams"
                " and the portfolio by state. The stays of an item sum to its lead time in seconds."
            ),
        ),
        Metric(
            key="flow_efficiency",
            label="Flow efficiency",
            question="What share of the time in progress is work?",
            unit="ratio",
            family="flow",
            formula=flow.flow_efficiency,
            recompute=flow.ratio,
            better="more",
            definition=(
                "Active time divided by active plus waiting time between start and finish, of the items finished in the"
                " window: the sum over the sum, not the mean of ratios. Time in which an item was blocked counts as"
                " waiting."
            ),
        ),
        Metric(
            key="cfd",
            label="Cumulative flow",
            question="Where does work pile up?",
            unit="items",
            family="flow",
            formula=stocks.cfd,
            recompute=flow.total,
            additive=True,
            definition=(
                "Per day, the items in each status at the end of the day, in the workflow's order; for streams and the"
                " portfolio in each state. Done counts all time, removed items are in no band, and a step back moves an"
                " item to its earlier band from that day on. The figure is the number of items in all bands."
            ),
        ),
        Metric(
            key="constraint",
            label="Constraint",
            question="Which place holds the work up, and since when?",
            unit="ratio",
            family="flow",
            formula=constraint.constraint,
            recompute=constraint.share,
            definition=(
                "The status in progress in which most items stood at the days' ends of the last four full weeks up to"
                " the end of the window; in streams and the portfolio the status of a team. The figure is its share of"
                " all that stood in progress. Since: the Monday of the first week of its lead. In that week no place"
                " held more, and from then on it never lost the lead, which takes three weeks in a row in which another"
                " place held over a tenth more, or it nothing."
            ),
        ),
        Metric(
            key="flow_distribution",
            label="Flow distribution",
            question="What kind of work do we finish?",
            unit="ratio",
            family="flow",
            formula=flow.flow_distribution,
            recompute=flow.mean,
            definition=(
                "Share of the items finished in the window per kind: feature, enabler, defect, debt, risk, other. The"
                " figure is the share of features."
            ),
        ),
        Metric(
            key="flow_load",
            label="Flow load",
            question="What kind of work is in progress?",
            unit="items",
            family="flow",
            formula=stocks.flow_load,
            recompute=flow.total,
            additive=True,
            definition=(
                "Items in progress at the end of each day per kind: feature, enabler, defect, debt, risk, other. The"
                " figure is all of them at the end of the window: the work in progress."
            ),
        ),
        Metric(
            key="blocked_time",
            label="Blocked time",
            question="How long was work blocked, and by what?",
            unit="seconds",
            family="flow",
            formula=blocked.blocked_time,
            recompute=flow.seconds,
            better="less",
            additive=True,
            definition=(
                "Time in the window in which items were blocked while in progress, summed over the items; an item that"
                " is blocked twice at a time counts once. Reasons that share at least half of their words, apart from"
                " keys, numbers and filler, are one; an item blocked for two reasons counts in the part of each."
            ),
        ),
        Metric(
            key="velocity",
            label="Velocity",
            question="How much do we finish per iteration?",
            unit="items",
            family="flow",
            formula=velocity.velocity,
            recompute=velocity.middle,
            definition=(
                "What was finished in each iteration of the team, in the unit it plans in: items or points. An item"
                " without points adds none. The figure is the median of the iterations that lie wholly in the window."
                " Teams whose units or iterations differ, and points of several teams, are not added up."
            ),
        ),
        Metric(
            key="expectation_met",
            label="Expectation met",
            question="How often do we keep what may be expected of us?",
            unit="ratio",
            family="flow",
            formula=expectations.expectation_met,
            recompute=flow.mean,
            better="more",
            definition=(
                "Of the items finished in the window for which a service level expectation of their team held at the"
                " finish, the share with a cycle time of no more than its days. Of a stream: sum over sum."
            ),
        ),
    )
}
METRICS: dict[str, Metric] = {**FLOW, **dora.DELIVERY}
