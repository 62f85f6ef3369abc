"""Archives: ``analyze`` into Parquet, in parts that are whole or absent, and on from there."""
