"""Where the menus are: paths of titles, for the command table and for who fills a menu himself."""

from __future__ import annotations

FILE, VIEW, ANALYSE, GO = "&File", "&View", "&Analyse", "&Go"
REVIEW, TOOLS, HELP = "&Review", "&Tools", "&Help"
RECENT = f"{FILE}/Open &recent"
LEADS = f"{VIEW}/Lea&ds"
PANELS = f"{VIEW}/&Panels"
APART = f"{VIEW}/A&part"
DEVICES = f"{ANALYSE}/&Device"
LABELS = f"{REVIEW}/&Label"
CONCLUSION = f"{REVIEW}/&Conclusion"
EDGES = f"{REVIEW}/Move &edges"
FILE_ANNOTATIONS = f"{REVIEW}/Annotations of the &file"
ALIKE = f"{REVIEW}/All ali&ke"
POINTS = f"{TOOLS}/Caliper &points"
PLOTS = f"{TOOLS}/P&lots"

LAYOUTS = (("12x1", "&12 x 1"), ("6x2", "&6 x 2"), ("3x4", "&3 x 4 + rhythm strip"))
CONCLUSIONS = (("normal", "N"), ("abnormal", "A"), ("unsure", "U"), ("", "0"))
"""What a reader can conclude about a whole record, with the keys."""
