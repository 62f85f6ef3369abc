"""One vector drawing of an ECG: report page, import preview, pictures of the work list."""
