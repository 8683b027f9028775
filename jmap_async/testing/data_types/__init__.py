"""The data types that the server has: what is special about each, and its methods."""
