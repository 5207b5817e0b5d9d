"""Byte-exact edits: change one thing in a file that people wrote, touch nothing else."""
