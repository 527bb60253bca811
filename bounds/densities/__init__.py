"""Laws given by a density: what an expression proves about them."""
