"""A copy is equal, and has nothing in common with what it was made of."""

from hypothesis import given, strategies as st

from jmap_async.planner.copies import own_copy

trees = st.recursive(
    st.none() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
)


def emptied(value: object) -> None:
    """Take everything out of what JSON consists of."""
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            emptied(item)
        value.clear()


@given(st.dictionaries(st.text(max_size=3), trees, max_size=3), st.sampled_from([0, 130]))
def test_a_copy_is_equal_and_has_nothing_in_common(tree: dict[str, object], levels: int) -> None:
    """Whatever is done to it, the original stays as it was."""
    for _ in range(levels):
        tree = {"a": [tree]}
    before = repr(tree)
    copied = own_copy(tree)
    assert tree == copied
    emptied(copied)
    assert before == repr(tree)


def test_a_copy_of_what_is_deeper_than_python_recurses() -> None:
    """Servers are not trusted."""
    tree: dict[str, object] = {}
    for _ in range(100_000):
        tree = {"a": [tree]}
    depth, copied = 0, own_copy(tree)
    while copied:
        (copied,) = copied["a"]
        depth += 1
    assert 100_000 == depth
