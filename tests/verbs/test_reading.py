"""The verbs of every data type."""

import importlib
import pkgutil
from collections.abc import Iterator, Sequence
from typing import Any, get_args, get_origin, get_type_hints

import pytest

from jmap_async import verbs
from jmap_async.capabilities.mail.thread import Thread
from jmap_async.errors import NotFound
from jmap_async.protocol.standard import GetResponse
from jmap_async.verbs.reading import GetVerbs, QueryVerbs, only


def _declared() -> Iterator[tuple[Any, Any, tuple[Any, ...]]]:
    """Yield the data types that have verbs: the class, which verbs, and for what they are."""
    for module in pkgutil.iter_modules(verbs.__path__, f"{verbs.__name__}."):
        for kind in vars(importlib.import_module(module.name)).values():
            if isinstance(kind, type) and kind.__module__ == module.name:
                for base in getattr(kind, "__orig_bases__", ()):
                    if get_origin(base) in {GetVerbs, QueryVerbs} and kind is not QueryVerbs:
                        yield kind, get_origin(base), get_args(base)


@pytest.mark.parametrize(("kind", "given", "parameters"), [*_declared()])
def test_verbs_are_for_what_the_table_says(
    kind: Any,  # noqa: ANN401 - a data type with any methods
    given: type,
    parameters: tuple[Any, ...],
) -> None:
    """Type checkers take the objects, names, filters and sort orders of a class at its word."""
    objects, names, *searched = parameters
    assert (GetResponse, (objects,)) == (get_origin(kind.get.response), get_args(kind.get.response))
    properties = get_args(get_type_hints(kind.get.arguments)["properties"])
    assert (Sequence, (names,)) in [(get_origin(one), get_args(one)) for one in properties]
    if given is QueryVerbs:
        filters, _ = searched
        [base] = kind.query.arguments.__orig_bases__
        assert (filters,) == get_args(base)
    else:
        assert not hasattr(kind, "query")


def test_only() -> None:
    """One object was asked for; where there is none, the error says which one is missed."""
    thread = Thread(id="T1")
    assert thread is only(GetResponse(list=[thread]), "T1", kind="Thread")
    with pytest.raises(NotFound, match="no Thread 'T2' in this account"):
        only(GetResponse[Thread](list=[], not_found=["T2"]), "T2", kind="Thread")
