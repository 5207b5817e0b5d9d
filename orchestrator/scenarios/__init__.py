"""Terminal scenarios: a program driven through its terminal, and what its screen must show."""
