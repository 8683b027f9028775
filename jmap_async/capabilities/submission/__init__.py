"""The submission capability (RFC 8621, 1.3.2): identities and what is sent, a file each."""
