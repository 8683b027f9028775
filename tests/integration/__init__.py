"""Tests against a real Cyrus IMAP server."""
