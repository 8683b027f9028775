"""Tests of data types as tables."""

from collections.abc import Mapping
from typing import ClassVar

import pytest

from jmap_async.testing.checks import is_string
from jmap_async.testing.failures import SetFailure
from jmap_async.testing.registry import METHODS
from jmap_async.testing.standard.datatype import DataType, Property, server_set
from tests.testing.model import Model


class Note(DataType):
    """A type as small as can be."""

    name = "Note"
    capability = "urn:x"
    properties: ClassVar[Mapping[str, Property]] = {
        "id": server_set(is_string),
        "text": Property(is_string),
        "tag": Property(is_string, ""),
    }


def test_a_property_without_default_is_required() -> None:
    """All that is wrong or missing is named."""
    note = Note()
    note.check({"text": "x"})
    with pytest.raises(SetFailure) as caught:
        note.check({"id": "1", "tag": 2})
    assert ["id", "tag", "text"] == sorted(caught.value.properties or ())


def test_defaults_shown_and_told_follow_from_the_table() -> None:
    """Without lists of its own a type shows and tells all its properties."""
    note = Note()
    assert {"id": None, "tag": ""} == note.defaults()
    assert ("id", "text", "tag") == note.shown() == note.told()
    assert note.knows("tag")
    assert not note.knows("nope")


def test_a_plain_type_has_the_plain_hooks(model: Model) -> None:
    """A VacationResponse is stored, shown and changed by the common code alone."""
    model.update("VacationResponse", "singleton", isEnabled=True, subject="Away")
    found = model.get_one("VacationResponse", "singleton")
    assert (True, "Away", None) == (found["isEnabled"], found["subject"], found["toDate"])


def test_every_method_belongs_to_an_announced_capability(model: Model) -> None:
    """No method hangs in the air."""
    assert {method.capability for method in METHODS.values()} <= set(model.using)
