"""Runs the simulation of one demo team."""

from datetime import date, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from connectors.demo.agenda import Agenda
from connectors.demo.clock import WorkClock
from connectors.demo.delivery import Delivery
from connectors.demo.work import Work
from connectors.demo.world import Profile


class SimulatedTeam(NamedTuple):
    profile: Profile
    work: Work
    delivery: Delivery
    seed: int
    start: date


def simulate(profile: Profile, seed: int, start: date, now: datetime) -> SimulatedTeam:
    """Live the team's days from `start` to `now`; what lies after `now` is unfinished and must not be shown."""
    zone = ZoneInfo(profile.zone)
    clock = WorkClock(profile.country, zone, start, now.astimezone(zone).date())
    agenda = Agenda(profile, seed, clock, int(now.timestamp()))
    delivery = Delivery(agenda)
    work = Work(agenda, delivery)
    delivery.open()
    work.open()
    agenda.run()
    return SimulatedTeam(profile, work, delivery, seed, start)
