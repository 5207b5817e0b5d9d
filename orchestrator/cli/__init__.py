"""The command line. Each module imports what it needs when its command runs: `--help` must be quick."""
