"""What is shown: pages, tables and figures made from records."""
