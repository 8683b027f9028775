"""Fixtures for the tests of the server in memory."""

import pytest

from tests.testing.model import Model


@pytest.fixture
def model() -> Model:
    """A server without a socket whose clock stands still."""
    return Model()
