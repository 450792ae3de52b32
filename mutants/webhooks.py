"""Webhooks: whose they are, how old, how large, and that nothing is believed of them."""

from mutants.catalog import Mutant

RECEIVED = "tests/webhooks/test_receive.py"

MUTANTS = [
    Mutant(
        name="webhooks-after-their-time",
        defense="Attack, replay: a delivery that somebody recorded is taken at any time.",
        target="orders.services.webhooks.signatures:signed_by",
        old="if abs(now.timestamp() - signature.seconds) > TOLERANCE_SECONDS:",
        new="if False:",
        red=f"{RECEIVED}::test_what_was_signed_more_than_five_minutes_away_is_refused",
    ),
    Mutant(
        name="webhooks-from-the-future",
        defense="Attack, replay: a delivery can be signed ahead of its time.",
        target="orders.services.webhooks.signatures:signed_by",
        old="if abs(now.timestamp() - signature.seconds) > TOLERANCE_SECONDS:",
        new="if now.timestamp() - signature.seconds > TOLERANCE_SECONDS:",
        red=f"{RECEIVED}::test_what_was_signed_more_than_five_minutes_away_is_refused[310]",
    ),
    Mutant(
        name="webhooks-of-any-size",
        defense="Attack, heavy requests: whatever is posted is read whole before it is looked at.",
        target="orders.views.webhooks.receive:webhook_receive",
        old="request.body if fits else None",
        new="request.body if fits or request.body else None",
        red=f"{RECEIVED}::test_a_body_of_more_than_256_kib_is_not_read",
    ),
    Mutant(
        name="webhooks-of-the-other-mode",
        defense="An event of test mode marks orders of live mode.",
        target="orders.services.webhooks.receive:_check_place",
        old='if payload.livemode not in (None, receiver.connection.mode == "live"):',
        new="if False:",
        red=f"{RECEIVED}::test_an_event_of_the_other_mode_is_refused",
    ),
    Mutant(
        name="webhooks-signed-by-another-merchant",
        defense="The secret of one merchant signs for all of them.",
        target="orders.services.webhooks.receive:believed",
        old="secrets = WebhookSecret.objects.filter(connection_id=connection_id)",
        new="secrets = WebhookSecret.objects.exclude(connection_id=None)",
        red=f"{RECEIVED}::test_the_secret_of_another_merchant_opens_nothing_here",
    ),
    Mutant(
        name="webhooks-twice",
        defense="A delivery that comes again has its order read again.",
        target="orders.services.webhooks.receive:_take",
        old="if is_new:",
        new="if is_new or True:",
        red=f"{RECEIVED}::test_an_event_is_taken_once_however_often_it_comes",
    ),
    Mutant(
        name="webhooks-unsigned",
        defense="Whoever knows the address is believed: the signature is not compared.",
        target="orders.services.webhooks.signatures:_fits",
        old="return any(hmac.compare_digest(made, digest) for digest in signature.digests)",
        new="return bool(made)",
        red=(
            f"{RECEIVED}::test_a_signature_over_other_bytes_or_with_another_secret_is_refused",
            f"{RECEIVED}::test_the_secret_of_another_merchant_opens_nothing_here",
        ),
    ),
]
