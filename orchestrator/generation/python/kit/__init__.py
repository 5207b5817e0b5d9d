"""What runs in the target's own interpreter: it loads the target, tries inputs, and writes down what happens as JSON.

Only the standard library and what the target itself imports; relative imports, so that it loads under a name of its own
and none of its modules can stand in for one of the target's. Nothing here writes test code.
"""
