"""Tests for Python, run by pytest. A kit runs in the target's interpreter; what it found is written down here."""
