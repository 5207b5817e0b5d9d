"""What people and other programs see of a run: observers of its events. They change nothing and ask nothing."""
