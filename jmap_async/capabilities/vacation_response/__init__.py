"""The capability of automatic replies (RFC 8621, 1.3.3)."""
