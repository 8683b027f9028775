"""What tests of methods have, tests of verbs have, too."""

from tests.capabilities.conftest import client, server

__all__ = ["client", "server"]
