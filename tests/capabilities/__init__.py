"""Tests of the facades."""
