"""What all of the planner handles: entries, units and requests."""
