"""Publishes models so that no kill at any instruction leaves a half one: versions, manifests, file systems."""
