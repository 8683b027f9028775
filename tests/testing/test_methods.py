"""Tests of methods as tables of arguments."""

import pytest

from jmap_async.testing.checks import is_string
from jmap_async.testing.failures import MethodFailure
from jmap_async.testing.methods import FLAG, Argument, Call, Method
from tests.testing.model import Model


def method(**arguments: Argument) -> Method:
    """Return a method that gives its arguments back."""
    return Method(
        capability="urn:x",
        arguments=arguments,
        handler=lambda call, given: given,
        takes_account=False,
    )


def test_defaults_are_filled_in() -> None:
    """What is not given has its default."""
    wanted = method(name=Argument(is_string), loud=FLAG)
    assert {"name": "a", "loud": False} == wanted.read({"name": "a"})


@pytest.mark.parametrize("given", [{}, {"name": 1}, {"name": "a", "more": 1}, {"name": None}])
def test_wrong_arguments_are_refused(given: dict[str, object]) -> None:
    """Missing, mistyped and unknown ones are invalidArguments."""
    with pytest.raises(MethodFailure) as caught:
        method(name=Argument(is_string)).read(given)
    assert "invalidArguments" == caught.value.type


def test_a_call_knows_its_account_and_creation_ids(model: Model) -> None:
    """An id stands for itself, "#" and a creation id for what was created."""
    call = Call(
        world=model.server.world,
        using=frozenset(),
        creation_ids={"a": "P9"},
        credential="",
        current=None,
    )
    assert ("P1", "P9", None) == (call.real_id("P1"), call.real_id("#a"), call.real_id("#b"))
    with pytest.raises(LookupError):
        _ = call.account
