"""RFC 8620 as data and pure functions: no I/O, no event loop, no clock."""
