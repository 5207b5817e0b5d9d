"""What people and other programs see of a run: observers of its events that change nothing."""
