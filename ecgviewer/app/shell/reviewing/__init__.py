"""The review of the open record as the window holds it, and verdicts on its flags."""
