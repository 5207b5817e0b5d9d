"""The use cases: load a plan, preview it, run it, answer for a person. Faces call these and show what they return."""
