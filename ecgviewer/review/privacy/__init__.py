"""What could tell who the patient is, and leaving it out."""
