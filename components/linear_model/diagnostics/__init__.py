"""One more pass over the rows, with the fit at hand: robust errors, the rows that made the model, and where it does not fit."""

FEW_CLUSTERS = 40  # below, errors by cluster are too small (Cameron and Miller 2015, Journal of Human Resources 50)
