"""One model run over one recording: windows, batches, maps, and analyses kept on disk."""
