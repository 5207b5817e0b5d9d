"""Making it happen: which task goes next, how it is tried, and the loop."""
