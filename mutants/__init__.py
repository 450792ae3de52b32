"""The mutants: each takes one defense out of the code, and names the tests that notice (README.md)."""

from mutants import (
    access,
    append_only,
    approvals,
    decisions,
    exports,
    finding,
    fulfillment,
    index,
    journal,
    money,
    orders,
    pages,
    partner_updates,
    partners,
    review,
    secrets,
    signing_in,
    transport,
    webhooks,
    worker,
)
from mutants.catalog import Mutant

TOPICS = (
    access,
    append_only,
    approvals,
    decisions,
    exports,
    finding,
    partner_updates,
    fulfillment,
    index,
    journal,
    money,
    orders,
    pages,
    partners,
    review,
    secrets,
    signing_in,
    transport,
    webhooks,
    worker,
)
MUTANTS: list[Mutant] = [mutant for topic in TOPICS for mutant in topic.MUTANTS]
