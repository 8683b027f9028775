"""A call becomes an entry, if nothing is wrong with it."""
