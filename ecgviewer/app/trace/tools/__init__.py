"""What dragging over the page does: pan, select a span, measure."""
