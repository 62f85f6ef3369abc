"""What files say in words, whatever their format: units, leads, patient, start; and its checks."""
