"""What a reader says about a record: annotations, verdicts, their journal, files and exports.

``annotations`` has the types, ``editing`` the commands and their undo, ``session`` ties a review
to its files (``journal``, ``store``). Exports and imports are one module each. No Qt in here.
"""
