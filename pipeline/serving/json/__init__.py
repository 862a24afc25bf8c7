"""TF Serving's JSON: request bodies to tensors, and answers back."""
