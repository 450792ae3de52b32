"""Keys, tokens and passwords: at rest, in logs, in what is shown and sent."""

from mutants.catalog import Edit, Mutant

MUTANTS = [
    Mutant(
        name="answers-of-the-other-mode",
        defense="A key of test mode in live mode: it answers with fulfillments of the other mode, and is kept.",
        target="orders.services.merchants.key_check:_check_live_mode",
        old="if modes - {mode}:",
        new="if False:",
        red="tests/partners/test_partner_connections.py::test_a_key_whose_fulfillments_are_of_the_other_mode_is_refused",
    ),
    Mutant(
        name="ciphertext-not-bound",
        defense="Attack 15, ciphertext swap: a secret opens in any row.",
        target="orders.secrets:unseal",
        old="if not hmac.compare_digest(bound_to, owner.encode()):",
        new="if not bound_to:",
        red=(
            "tests/site/test_secrets.py::test_a_ciphertext_moved_to_another_row_does_not_open",
            "tests/site/test_secrets.py::test_with_a_moved_ciphertext_nothing_is_sent",
        ),
    ),
    Mutant(
        name="key-comes-back-in-the-form",
        defense="Attack 14, leaks: a refused form shows the typed key again.",
        target="orders.forms.merchants.connections:AddConnection.key",
        old="widget=forms.PasswordInput(",
        new="widget=forms.TextInput(",
        red=(
            "tests/merchants/test_connections.py::test_what_was_typed_stays_but_for_the_key",
            "tests/partners/test_partner_connections.py::test_what_was_typed_stays_in_its_form_but_for_the_key",
        ),
    ),
    Mutant(
        name="key-in-a-whole-answer",
        defense="Attack 14, leaks: what an API says of our key stands in raw JSON and in copies.",
        target="orders.apis.calls:Caller._without_key",
        old='body = body.replace(key.encode(), b"[key]")',
        new="pass",
        red="tests/partners/test_order_protection_client.py::test_what_is_said_of_the_token_comes_without_the_token[200]",
    ),
    Mutant(
        name="key-in-what-the-api-says",
        defense="Attack 14, leaks: what the API says of a key is passed on with the key in it.",
        target="orders.apis.calls:Caller._text",
        old='value = value.replace(key, "[key]")',
        new="pass",
        red=(
            "tests/site/test_transport.py::test_what_was_said_of_the_key_comes_without_the_key",
            "tests/site/test_leaks.py::test_the_canary_is_found_nowhere",
        ),
    ),
    Mutant(
        name="keys-in-plain",
        defense="Attacks 14 and 26, backup theft: keys stand in the database as they are.",
        target="orders.secrets:seal",
        old="return _fernet().encrypt(owner.encode() + SEPARATOR + secret.encode()).decode()",
        new='return f"{owner}:{secret}"',
        also=(
            Edit(
                "orders.secrets:unseal",
                "bound_to, _, secret = _fernet().decrypt(sealed.encode()).partition(SEPARATOR)",
                'bound_to, secret = owner.encode(), sealed.removeprefix(f"{owner}:").encode()',
            ),
        ),
        red=(
            "tests/site/test_secrets.py::test_a_stolen_backup_holds_no_key",
            "tests/site/test_leaks.py::test_the_database_file_alone_opens_no_key",
        ),
    ),
    Mutant(
        name="lines-of-the-log-forged",
        defense="Attack 22, log injection: text goes into the log for people as it came.",
        target="revkeen_admin.logs:_plain",
        old='return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)',
        new="return text",
        red="tests/site/test_log_injection.py::test_a_text_stays_within_its_line",
    ),
    Mutant(
        name="own-password-sent-as-key",
        defense="Attack 14, leaks: the person's own password is sent to a partner, because it looks like a token.",
        target="orders.services.merchants.connections:add",
        old="""
            if by.check_password(key):
                raise KeyNotAccepted(OWN_PASSWORD)
        """,
        new="",
        red="tests/merchants/test_connections.py::test_ones_own_password_is_sent_to_nobody_though_it_looks_like_a_key",
    ),
    Mutant(
        name="partner-keys-of-any-mode",
        defense="A key of test mode in live mode: its prefix is not looked at.",
        target="orders.services.merchants.key_check:check_mode",
        old="if prefixes and prefixes[prefix] != mode:",
        new="if False:",
        red="tests/partners/test_partner_connections.py::test_a_key_of_the_wrong_kind_is_refused_without_a_call",
    ),
    Mutant(
        name="passwords-sent-as-keys",
        defense="Attack 14, leaks: what a browser fills in is sent to a partner as a token.",
        target="orders.services.merchants.key_check:check_mode",
        old="if not SHAPES[Provider(provider)].fullmatch(key.removeprefix(prefix)):",
        new="if not key:",
        red="tests/merchants/test_connections.py::test_what_looks_like_a_password_is_sent_to_nobody",
    ),
    Mutant(
        name="plain-addresses-of-apis",
        defense="A server with an API on plain HTTP starts, and sends keys where everybody on the way reads them.",
        target="revkeen_admin.environment:check",
        old="*([] if plain_http else _plain_addresses(env))",
        new="",
        red="tests/running/test_environment.py::test_what_is_missing_or_cannot_be_used_is_named",
    ),
    Mutant(
        name="secrets-in-logs",
        defense="Attack 14, leaks: a logger keeps the key of a link for a new password, or the token of an invitation.",
        target="revkeen_admin.logs:LineFormatter.format",
        old="return masked(super().format(record))",
        new="return super().format(record)",
        also=(Edit("revkeen_admin.logs:_record_without_secrets", "record.msg = _masked(record.msg)", "pass"),),
        red=(
            "tests/site/test_log_secrets.py::test_no_logger_writes_a_key_or_token",
            "tests/accounts/test_sign_in.py::test_the_key_of_a_reset_link_is_in_no_log",
        ),
    ),
]
