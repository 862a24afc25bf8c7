"""The step Report: one page that people look at before they trust a model, and a JSON file of every number on it."""
