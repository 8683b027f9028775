"""The standard methods, for any data type (RFC 8620, 5)."""
