"""Tests of the protocol's basic names."""

import copy
import pickle

from jmap_async.protocol.types import ABSENT


def test_absent_is_one_and_stays_one() -> None:
    """It can be told by identity, also after a copy."""
    assert ABSENT is copy.copy(ABSENT)
    assert ABSENT is copy.deepcopy(ABSENT)
    assert ABSENT is pickle.loads(pickle.dumps(ABSENT))  # noqa: S301 - our own


def test_absent_is_false_and_says_its_name() -> None:
    """`if value:` treats it like null."""
    assert not ABSENT
    assert "ABSENT" == repr(ABSENT)
