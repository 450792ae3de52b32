"""Every address of the application, and who may get to it."""

from collections.abc import Iterator

from django.urls import URLPattern, URLResolver, get_resolver

from orders.permissions import Right

MAY = {
    Right.SEE: {"admin", "support", "finance", "operations", "viewer"},
    Right.SEE_RAW: {"admin", "finance"},
    Right.SHARE: {"admin", "support", "finance", "operations"},
    Right.DRAFT: {"admin", "support"},
    Right.PAY: {"admin", "support"},
    Right.REFUND: {"admin", "finance"},
    Right.FULFILL: {"admin", "operations"},
    Right.HANDLE: {"admin", "support", "operations"},
    Right.JOBS: {"admin", "support", "operations"},
    Right.APPROVALS: {"admin", "support", "finance"},
    Right.JOURNAL: {"admin", "support", "finance", "operations"},
    Right.JOURNAL_OF_ALL: {"admin", "finance"},
    Right.EXPORT: {"admin", "support", "finance", "operations"},
    Right.EXPORT_ALL: {"admin", "finance"},
    Right.FINANCE: {"admin", "finance"},
    Right.REVIEW: {"admin", "finance"},
    Right.DECIDE: {"admin", "finance"},
    Right.MANAGE: {"admin"},
}


# Outside of any merchant: what a person without an account may see, and what every signed-in person may.
PUBLIC = {
    "healthz",
    "readyz",
    "invitation_accept",
    "webhook_receive",
    "session_state",
    "account_login",
    "account_logout",
    "account_inactive",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key",
    "account_reset_password_from_key_done",
    "mfa_authenticate",
    "mfa_login_webauthn",
}


PERSONAL = {
    "chooser",
    "account",
    "theme",
    "shortcuts",
    "session_end",
    "sessions_end",
    "account_reauthenticate",
    "account_change_password",
    "account_set_password",
    "mfa_index",
    "mfa_reauthenticate",
    "mfa_view_recovery_codes",
    "mfa_generate_recovery_codes",
    "mfa_download_recovery_codes",
    "mfa_activate_totp",
    "mfa_deactivate_totp",
    "mfa_list_webauthn",
    "mfa_add_webauthn",
    "mfa_reauthenticate_webauthn",
    "mfa_remove_webauthn",
    "mfa_edit_webauthn",
}


def patterns(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    for entry in resolver.url_patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from patterns(entry, route)
        else:
            yield route, entry


def merchant_patterns() -> dict[str, URLPattern]:
    return {str(entry.name): entry for route, entry in patterns(get_resolver()) if "<mode:mode>" in route}


POST_ONLY = {
    "session_end",
    "sessions_end",
    *("connection_activate", "connection_try", "invitation_withdraw", "theme", "shortcuts"),
    *("index_rebuild", "index_compare"),
    *("connection_webhooks_register", "connection_webhooks_secret", "connection_webhooks_replace"),
    *("draft_copy", "draft_new", "draft_revise", "operation_decide", "contradiction_close"),
    *("review_assign", "month_second", "finance_compare"),
    *("order_hold", "order_release", "to_fulfill_handle", "batch_create"),
    *("approval_approve", "approval_decline", "approval_withdraw"),
    *("item_remove", "items_fill"),
    *("fulfillment_undo", "partner_updates_send_again", "shipment_send_missed"),
    *("export_start", "export_remove", "export_schedule_remove", "accounting_make", "accounting_schedule_set"),
    *("job_confirm", "job_apply", "job_undo", "job_stop", "job_retry", "job_discard"),
    *("shipment_status", "shipment_statuses", "shipment_known"),
}
