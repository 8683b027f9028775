"""Mail: reading and writing messages, their header fields and their parts."""
