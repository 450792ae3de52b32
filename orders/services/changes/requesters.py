"""Whether whoever asked may still do it. A machine sends nothing on behalf of somebody who lost the right since."""

from orders.models import Membership, Merchant, Operation, PartnerUpdate, User
from orders.permissions import Right

Kind = Operation.Kind

RIGHTS = {
    Kind.CREATE: Right.DRAFT,
    Kind.UPDATE: Right.DRAFT,
    Kind.PAY: Right.PAY,
    Kind.CANCEL: Right.PAY,
    Kind.FULFILL: Right.FULFILL,
    Kind.REFUND: Right.REFUND,
}


def lost_right(operation: Operation) -> str:
    """In words, who may not do any more what the plan of this operation began with; "" where they may."""
    first = Operation.objects.filter(pk=operation.plan_id).first() or operation
    return _lost(operation.user, operation.merchant, RIGHTS[Kind(first.kind)])


def lost_right_to_ask(user: User, merchant: Merchant, kind: str) -> str:
    """In words, that somebody may no longer do what they asked approval for; "" where they may."""
    return _lost(user, merchant, RIGHTS[Kind(kind)])


def lost_right_to_send(partner_update: PartnerUpdate) -> str:
    """The same of whoever sent the shipment off; "" once another has asked to send it again."""
    fulfillment = partner_update.shipment.fulfillment
    if partner_update.by_hand or fulfillment is None:
        return ""
    return _lost(fulfillment.user, partner_update.merchant, Right.FULFILL)


def _lost(user: User, merchant: Merchant, right: Right) -> str:
    membership = Membership.objects.filter(user=user, merchant=merchant, user__is_active=True).first()
    if membership is not None and membership.may(right):
        return ""
    return f"{user}, who requested it, may no longer {right.value} here, so it was not sent."
