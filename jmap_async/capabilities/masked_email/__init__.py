"""Fastmail's capability of throw-away addresses."""
