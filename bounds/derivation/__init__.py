"""The derivation of an activation's numbers, step by step, as text and as LaTeX."""
