"""The what-if form: its fields, its markup, and what scores a row in the page itself."""
