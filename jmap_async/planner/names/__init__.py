"""Creation ids and references: unique in a request, and resolved here where they must be."""
