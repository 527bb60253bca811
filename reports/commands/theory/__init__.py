"""What ``ticketproof bounds`` gathers and prints: facts with their status and source, tables, JSON."""
