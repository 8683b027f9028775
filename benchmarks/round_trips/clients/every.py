"""Who takes part: those whose packages are installed; the floor comes first."""

from importlib import import_module
from importlib.util import find_spec

from benchmarks.round_trips.clients.contestant import Asynchronous, Contestant
from benchmarks.round_trips.clients.floor import HandMerged, HandMergedForTasks
from benchmarks.round_trips.clients.ours import Ours


def contestants(*, peers: bool = True) -> list[Contestant]:
    """Return a new client of each kind."""
    found: list[Contestant] = [HandMerged(), HandMergedForTasks(), Ours()]
    if peers and find_spec("jmap"):
        jmaplib = import_module("benchmarks.round_trips.clients.jmaplib")
        found += [jmaplib.OneBatch(), jmaplib.BatchEach()]
    if peers and find_spec("jmapc"):
        found.append(import_module("benchmarks.round_trips.clients.jmapc").Threads())
    return found


def asynchronous(*, peers: bool = True) -> list[Asynchronous]:
    """Return a new client of each kind that shares the event loop with its users."""
    found: list[Asynchronous] = [HandMerged(), Ours()]
    if peers and find_spec("jmap"):
        found.append(import_module("benchmarks.round_trips.clients.jmaplib").BatchEach())
    return found
