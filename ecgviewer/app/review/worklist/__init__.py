"""The work list: its rows, its panel, and the models that run over it."""
