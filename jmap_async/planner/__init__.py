"""Calls in, requests out; responses in, answers out. Pure: no event loop, no clock, no I/O."""

from jmap_async.planner.base.entry import Answer, Entry
from jmap_async.planner.base.limits import LearntLimits
from jmap_async.planner.base.replays import Again, Replay, replay
from jmap_async.planner.base.request import Request
from jmap_async.planner.explain import PlannedRequest, explain
from jmap_async.planner.planner import Planner
from jmap_async.planner.recovery import Remedy, Verdict, divide, judge
from jmap_async.planner.results import result_of, slices

__all__ = [
    "Again",
    "Answer",
    "Entry",
    "LearntLimits",
    "PlannedRequest",
    "Planner",
    "Remedy",
    "Replay",
    "Request",
    "Verdict",
    "divide",
    "explain",
    "judge",
    "replay",
    "result_of",
    "slices",
]
