"""Files, locks, folders and streams of the machine that the program runs on."""
