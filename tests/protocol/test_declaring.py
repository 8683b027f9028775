"""The decorators that declare classes: as those of attrs, but for how long it takes."""

import copy
import gc
import inspect
import pickle
import pydoc
import sys
import weakref
from collections.abc import Callable
from threading import Barrier, Thread
from typing import Any, ClassVar, Generic, TypeVar

import attrs
import pytest
from hypothesis import given, strategies as st

from jmap_async.protocol.declaring import arguments, change_later, declared, record, state

T = TypeVar("T")


def listed(value: object) -> list[object]:
    """Convert what is given."""
    return [value]


@record(kw_only=True)
class Point:
    """A value; `secret` is shown by nobody, `note` makes no difference."""

    x: object
    y: list[object] = attrs.field(factory=list[object], converter=listed)
    secret: str = attrs.field(default="s", repr=lambda _: "***")
    note: str = attrs.field(default="", eq=False, repr=False)


@attrs.frozen(kw_only=True)
class AttrsPoint:
    """The same, by attrs."""

    x: object
    y: list[object] = attrs.field(factory=list[object], converter=listed)
    secret: str = attrs.field(default="s", repr=lambda _: "***")
    note: str = attrs.field(default="", eq=False, repr=False)


@arguments(kw_only=True)
class Find:
    """What a method is given."""

    name: str = attrs.field(kw_only=False, converter=str)
    limit: int | None = None


@arguments(kw_only=True)
class FindMore(Find):
    """And more of it."""

    more: bool = False


VALUES = st.fixed_dictionaries(
    {"x": st.integers(0, 1) | st.text(max_size=1)},
    optional={"y": st.integers(0, 1), "secret": st.just("t"), "note": st.just("n")},
)


@given(VALUES, VALUES)
def test_records_are_shown_and_compared_as_those_of_attrs(
    one: dict[str, Any], two: dict[str, Any]
) -> None:
    """What is equal, and how it is shown, is as attrs has it."""
    ours, theirs = (Point(**one), Point(**two)), (AttrsPoint(**one), AttrsPoint(**two))
    assert repr(theirs[0]) == "Attrs" + repr(ours[0])
    assert (theirs[0] == theirs[1]) == (ours[0] == ours[1])
    assert (theirs[0] != theirs[1]) == (ours[0] != ours[1])


def test_records_of_different_classes_differ() -> None:
    """Equal contents do not make different classes equal."""
    others: list[object] = [AttrsPoint(x=1), FindMore("1")]
    assert Point(x=1) not in others
    assert Find("1") not in others


def test_a_record_can_be_a_key() -> None:
    """Equal records have equal hashes, where what they hold has one."""

    @record()
    class Key:
        name: str

    assert {Key("a"), Key("b")} == {Key("a"), Key("b"), Key("a")}
    with pytest.raises(TypeError, match="unhashable"):
        hash(Point(x=1))


def test_a_record_does_not_change() -> None:
    """Changed copies are made, by attrs.evolve() as well."""
    point = Point(x=1, note="here")
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        point.x = 2  # type: ignore[misc]
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        del point.x  # pyright: ignore[reportAttributeAccessIssue]
    assert Point(x=2, y=0) == attrs.evolve(point, x=2, y=0)
    assert point == copy.copy(point) == pickle.loads(pickle.dumps(point))  # noqa: S301 - ours


def test_methods_of_the_class_itself_stay() -> None:
    """A class may have its own methods instead of the shared ones."""

    @record()
    class Loud:
        name: str

        def __repr__(self) -> str:
            return self.name.upper()

    assert "HEY" == repr(Loud("hey"))
    assert Loud("hey") == Loud("hey")


def test_arguments() -> None:
    """Arguments are converted when they are given, compared and shown, but are no keys."""
    assert "FindMore(name='1', limit=None, more=True)" == repr(FindMore(1, more=True))
    assert FindMore("1", limit=2) == FindMore("1", limit=2)
    with pytest.raises(TypeError, match="unhashable"):
        hash(Find("1"))


def test_declared_properties() -> None:
    """Of what is declared for a data object there are the fields and their slots, nothing else."""

    @declared(kw_only=True)
    class Thing:
        name: str = "absent"
        size: int = attrs.field(default=0, metadata={"wire": "SIZE"})

    name, size = attrs.fields(Thing)
    assert ("name", str) == (name.name, name.type)
    assert ("SIZE", int) == (size.metadata["wire"], size.type)
    assert {"name", "size"} <= set(Thing.__slots__)  # type: ignore[attr-defined]
    assert {"__repr__", "__eq__", "__hash__"}.isdisjoint(vars(Thing))


class Base:
    """Has no fields."""

    __slots__ = ()

    def words(self) -> list[str]:
        """Return something to add to."""
        return ["base"]

    @classmethod
    def title(cls) -> str:
        """Say what it is."""
        return f"a {cls.__name__}"


def shape(decorator: Any, **options: Any) -> Any:  # noqa: ANN401 - of attrs or ours
    """Declare a class that nobody has used yet."""

    @decorator(**options)
    class Shape(Base, Generic[T]):
        name: str = attrs.field(kw_only=False)
        _size: T | None = attrs.field(default=None, alias="size", kw_only=False)
        tags: list[str] = attrs.field(factory=list, converter=listed)
        number: int = attrs.field(default=3, init=False, metadata={"wire": "NUMBER"})

        LIMIT: ClassVar[int] = 3

        def words(self) -> list[str]:
            return [*super().words(), self.name]

        @property
        def first(self) -> str:
            return super().words()[0]

        @classmethod
        def title(cls) -> str:
            return super().title()

    return Shape


def described(cls: Any) -> list[tuple[object, ...]]:  # noqa: ANN401 - of attrs or ours
    """Return what the fields of a class are."""
    return [
        (one.name, one.alias, one.type, one.default, one.kw_only, one.init, one.metadata)
        for one in attrs.fields(cls)
    ]


ASKED: dict[str, Callable[[Any], object]] = {
    "signature": inspect.signature,
    "fields": described,
    "has": attrs.has,
    "pattern": lambda cls: cls.__match_args__,
    "annotations": lambda cls: cls.__init__.__annotations__,
    "new": lambda cls: attrs.asdict(cls("a", 2)),
    "evolve": lambda cls: attrs.asdict(attrs.evolve(cls("a"), size=1)),
    "replace": lambda cls: attrs.asdict(cls.__replace__(cls("a"), tags="b")),
    "copy": lambda cls: attrs.asdict(copy.copy(cls("a", 2))),
    "method": lambda cls: cls("a").words(),
    "weak reference": lambda cls: isinstance(weakref.ref(cls("a")), weakref.ref),
    "help": lambda cls: pydoc.render_doc(cls).splitlines()[2],
    "layout": lambda cls: hasattr(cls("a"), "__dict__"),
}


@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.parametrize(("ours", "theirs"), [(record, attrs.frozen), (state, attrs.define)])
def test_a_class_is_as_attrs_makes_it_whatever_is_asked_first(
    asked: str, ours: object, theirs: object
) -> None:
    """Whoever looks at a class finds what attrs would have made, though it comes later."""
    found, expected = shape(ours, kw_only=True), shape(theirs, kw_only=True)
    if not hasattr(expected, "__replace__"):  # attrs makes it where copy.replace() is
        expected.__replace__ = attrs.evolve
    assert ASKED[asked](expected) == ASKED[asked](found)
    assert inspect.signature(expected) == inspect.signature(found)
    assert described(expected) == described(found)


def test_classes_of_attrs_may_inherit() -> None:
    """A class that attrs makes of one of ours has its fields, and does not change either."""
    derived: Any = attrs.frozen(type("Derived", (shape(record),), {"z": attrs.field(default=1)}))
    assert ["name", "_size", "tags", "number", "z"] == [one.name for one in attrs.fields(derived)]
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        derived("a").z = 2


def test_no_other_class_is_left_behind() -> None:
    """A class that was completed is the only one of its name."""
    cls = shape(record)
    cls("a")
    gc.collect()
    assert [cls] == [one for one in Base.__subclasses__() if one.__qualname__ == cls.__qualname__]


def test_threads_may_use_a_class_first() -> None:
    """A class that many threads begin to use at once is completed for each of them."""
    classes = [shape(record, kw_only=True) for _ in range(50)]
    barrier = Barrier(4)
    made: list[object] = []

    def use() -> None:
        barrier.wait()
        made.extend(cls("a", tags="b") for cls in classes)

    threads = [Thread(target=use) for _ in range(4)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # else hardly ever does one come while another is at it
    try:
        for one in threads:
            one.start()
        for one in threads:
            one.join()
    finally:
        sys.setswitchinterval(interval)
    assert 4 * len(classes) == len(made)
    assert all(one in made for one in [cls("a", tags="b") for cls in classes])


def test_fields_are_there_without_a_constructor() -> None:
    """Of a class that others inherit from nothing else is ever asked for."""
    cls = shape(record)
    assert ["name", "_size", "tags", "number"] == [one.name for one in attrs.fields(cls)]
    assert not inspect.isfunction(vars(cls)["__init__"])
    assert ["a"] == cls("a", 1).words()[-1:]
    assert inspect.isfunction(vars(cls)["__init__"])


def test_what_is_no_field_stays_in_the_class() -> None:
    """Constants of the class, and methods that ask the base, of whatever kind."""
    for cls in (shape(record), shape(attrs.frozen)):
        made = cls("a")
        assert 3 == cls.LIMIT == made.LIMIT
        assert [made.first, "a"] == made.words()
        assert "a Shape" == cls.title()


def test_what_attrs_wrote_is_changed_now_or_later() -> None:
    """A change applies to what is there already, and to what is not."""

    def with_a(names: tuple[str, ...]) -> tuple[str, ...]:
        return ("a", *names)

    ours, theirs = shape(record), shape(attrs.frozen)
    for cls in (ours, theirs):
        change_later(cls, "__match_args__", with_a)
        assert ("a", "name", "_size", "tags") == cls.__match_args__


def test_state() -> None:
    """What has state can be changed, and is compared by its contents or by identity."""

    @state()
    class Counter:
        count: int = 0

    @state(eq=False)
    class Own:
        count: int = 0

    counter, own = Counter(), Own()
    counter.count = own.count = 2
    assert Counter(2) == counter
    assert Own(2) != own
    assert {own} == {own}
