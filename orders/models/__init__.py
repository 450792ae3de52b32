from orders.models.connections import Connection
from orders.models.customer_names import CustomerName
from orders.models.events import EventLog
from orders.models.merchants import INVITATION_LASTS, MODES, Invitation, Membership, Merchant
from orders.models.people import User

__all__ = [
    "INVITATION_LASTS",
    "MODES",
    "Connection",
    "CustomerName",
    "EventLog",
    "Invitation",
    "Membership",
    "Merchant",
    "User",
]
