"""Random subset sums: sufficient and necessary sizes."""
