"""Reading the system log while nobody else does."""

import pytest

from .system_log import SystemLog


@pytest.mark.usefixtures("cyrus")
def test_socket_of_another_reader_is_left_alone() -> None:
    """Where somebody reads the log already, that is said instead."""
    with SystemLog(), SystemLog() as second:
        assert "in the system log of this machine" in second.finish()
