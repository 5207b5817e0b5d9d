"""What should happen: text becomes a plan, a plan becomes a graph. Nothing here runs or writes anything."""
