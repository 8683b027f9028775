"""From JSON to objects, and back."""
