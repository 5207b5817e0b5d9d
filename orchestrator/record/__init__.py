"""What happened: events, durable in the journal, folded into the state of a run."""
