"""One file per task type. `registry` finds them; nothing else knows which there are."""
