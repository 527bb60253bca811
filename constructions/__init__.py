"""What can be built: targets, source networks, subset-sum solvers, tickets."""
