"""Pusher: publishes the validated model (`components.publishing`)."""
