"""Moments as the APIs send them, which may lie at either end of the calendar: year 1 or 9999 may stand for never."""

from datetime import datetime, tzinfo


def in_zone(moment: datetime, zone: tzinfo) -> datetime:
    """The same moment in a zone; as it was sent where the zone's calendar has no such day."""
    try:
        return moment.astimezone(zone)
    except OverflowError:
        return moment


def near(moment: datetime) -> bool:
    """Whether it may be typed here: of a year that every zone has, and in which somebody may still be around."""
    return 2000 <= moment.year < 2200
