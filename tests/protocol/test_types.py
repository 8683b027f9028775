"""Tests of the protocol's basic names."""

import copy
import pickle

import pytest

from jmap_async.protocol.types import ABSENT


@pytest.mark.parametrize(
    "same", [copy.copy, copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))]
)
def test_absent_is_one_and_stays_one(same: object) -> None:
    """It can be told by identity, also after a copy."""
    assert callable(same)
    assert ABSENT is same(ABSENT)


def test_absent_is_false_and_says_its_name() -> None:
    """`if value:` treats it like null."""
    assert not ABSENT
    assert "ABSENT" == repr(ABSENT)
