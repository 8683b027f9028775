"""Reads by ids: merged, cut up, and handed out."""
