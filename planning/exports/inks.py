"""The colours of paper, which is white: they are not those of the screen."""

# By the state of a string, the tone of a load or a chance, the kind of a card.
INKS = {
    "healthy": "#2f7d4f",
    "risk": "#a86400",
    "conflict": "#b3261e",
    "unplanned": "#7a746a",
    "declined": "#b3261e",
    "red": "#b3261e",
    "amber": "#a86400",
    "high": "#2f7d4f",
    "mid": "#a86400",
    "low": "#b3261e",
    "feature": "#3b6ea5",
    "enabler": "#6b5ca5",
    "milestone": "#1f1d1a",
}
DASHES = {"risk": "2.4 1", "conflict": "1 0.8", "unplanned": "0.3 0.9", "declined": "2 0.6 0.4 0.6"}
