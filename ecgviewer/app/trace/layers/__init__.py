"""What lies over the page and can be pointed at: one object each, with paint, hit, cursor, drag."""
