"""The data types and methods of each capability, a file each."""
