"""Earlier constructions and printed forms as rows of one table: one statement per record, one file per source."""
