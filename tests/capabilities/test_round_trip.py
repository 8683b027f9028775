"""Every object of every data type survives reading, writing, copying and pickling."""

import copy
import importlib
import pickle
import pkgutil
from datetime import UTC, datetime
from typing import Any, get_args, get_origin, get_type_hints

import attrs
import orjson
import pytest
from hypothesis import given, settings, strategies as st

from jmap_async import capabilities
from jmap_async.protocol import dates
from jmap_async.protocol.codec.converter import decoder, encode
from jmap_async.protocol.codec.objects import DataObject
from jmap_async.protocol.fields import wire_fields, wire_name

# All are imported, so that their classes are known below.
for module in pkgutil.walk_packages(capabilities.__path__, f"{capabilities.__name__}."):
    importlib.import_module(module.name)

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
KEYS = st.text("abc$#/~-:", min_size=1, max_size=6)
EXTRA = KEYS.map(lambda key: f"x:{key}")


def data_objects(base: type[DataObject] = DataObject) -> list[type[DataObject]]:
    """Return all classes of data objects that the facades declare."""
    found: dict[str, type[DataObject]] = {}
    for cls in base.__subclasses__():
        # attrs makes a class with slots anew; the first one lives until it is collected.
        if cls.__module__.startswith("jmap_async.capabilities") and cls.__dict__.get("__slots__"):
            found[cls.__name__] = cls
        found |= {one.__name__: one for one in data_objects(cls)}
    return list(found.values())


def values(hint: Any, depth: int) -> st.SearchStrategy[Any]:  # noqa: ANN401 - any type at all
    """Generate the JSON that a property of a type may have."""
    if hint is datetime:
        moments = st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1))  # noqa: DTZ001
        return moments.map(lambda moment: dates.encode(moment.replace(tzinfo=UTC)))
    if get_origin(hint) is list:
        return st.lists(values(get_args(hint)[0], depth), max_size=2)
    if get_origin(hint) is dict:
        return st.dictionaries(KEYS, values(get_args(hint)[1], depth), max_size=2)
    if get_args(hint):
        return st.one_of([values(one, depth) for one in get_args(hint)])
    if isinstance(hint, type) and issubclass(hint, DataObject):
        return wire(hint, depth - 1) if depth else st.just({})
    plain: dict[Any, st.SearchStrategy[Any]] = {
        str: TEXT,
        bool: st.booleans(),
        int: st.integers(0, 2**53 - 1),
        object: st.one_of(st.none(), st.booleans(), TEXT),
        type(None): st.none(),
    }
    return plain[hint]


def wire(cls: type[DataObject], depth: int = 1) -> st.SearchStrategy[dict[str, Any]]:
    """Generate objects of a class as a server may send them, with some properties or none."""
    hints = get_type_hints(cls)
    optional = {
        wire_name(one): values(hints[one.name], depth)
        for one in wire_fields(cls)
        if one.name in hints
    }
    known = st.fixed_dictionaries({}, optional=optional)
    unknown = st.dictionaries(EXTRA, st.none() | TEXT, max_size=2)
    return st.builds(lambda one, other: {**one, **other}, known, unknown)


@pytest.mark.parametrize("cls", data_objects(), ids=lambda cls: cls.__name__)
@given(data=st.data())
@settings(max_examples=max(8, settings().max_examples // 10))
def test_round_trip(cls: type[DataObject], data: st.DataObject) -> None:
    """What was read is written as it came; copies are equal and written alike."""
    sent = data.draw(wire(cls))
    read = decoder(cls)(orjson.loads(orjson.dumps(sent)))
    assert sent == orjson.loads(encode(read))
    for name in sent:
        assert name in read
        assert sent[name] == orjson.loads(encode(read[name]))
    copies = [
        copy.copy(read),
        copy.deepcopy(read),
        pickle.loads(pickle.dumps(read)),  # noqa: S301 - our own
        attrs.evolve(read),
    ]
    for twin in copies:
        assert read == twin
        assert sent == orjson.loads(encode(twin))
    for one in wire_fields(cls):
        if one.name in get_type_hints(cls):
            assert (wire_name(one) in sent) == hasattr(read, one.name)
    assert sent == orjson.loads(encode(read))
    assert type(read).__name__ in repr(read)


def test_all_classes_are_tried() -> None:
    """The search for classes finds them."""
    names = {cls.__name__ for cls in data_objects()}
    assert {"Email", "EmailBodyPart", "EmailFilter", "MaskedEmail", "PushKeys"} <= names
