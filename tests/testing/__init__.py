"""Tests of the server in memory."""
