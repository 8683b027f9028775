"""What is built on the methods: verbs, which make more of several calls, and the capabilities."""
