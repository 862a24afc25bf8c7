"""A file as the schema, with the columns that ingest adds."""
