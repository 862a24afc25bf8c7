"""One more pass over the rows, with the fit at hand: robust errors, the rows that made the model, and where it does not fit."""
