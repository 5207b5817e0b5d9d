"""What can be typed: the options of each command. Light to import: what takes time comes with the call."""
