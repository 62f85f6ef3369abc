"""What stands around the traces: header, notices, status, toolbar, start page, splash."""
