"""Writes: merged, cut up, divided when refused, and told to each caller."""
