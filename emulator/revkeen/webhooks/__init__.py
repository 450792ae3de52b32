"""Webhooks: who wants to hear of what, what they are sent, and what became of it."""
