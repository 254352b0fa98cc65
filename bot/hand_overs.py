"""What is said once nobody answers check-ins any more."""

WHETHER = "check-in whether"
"""The kind of the delivery that asks the person, instead of the next check-in, whether to go on at all."""
TAKE_OVER = "check-in take over"
"""The kind of the delivery that asks a moderator who could take a pilot over; it is about the pilot."""
