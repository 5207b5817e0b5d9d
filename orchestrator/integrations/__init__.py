"""Other systems: git and GitHub."""
