"""The data types of each capability and the tables of their methods: a folder for a capability."""
