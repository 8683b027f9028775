"""What verbs that read make of the answers."""

import pytest

from jmap_async.capabilities.mail.thread import Thread
from jmap_async.errors import NotFound
from jmap_async.protocol.standard import GetResponse
from jmap_async.verbs.reading import only


def test_only() -> None:
    """One object was asked for; where there is none, the error says which one is missed."""
    thread = Thread(id="T1")
    assert thread is only(GetResponse(list=[thread]), "T1", kind="Thread")
    with pytest.raises(NotFound, match="no Thread 'T2' in this account"):
        only(GetResponse[Thread](list=[], not_found=["T2"]), "T2", kind="Thread")
