"""Who may do what: the roles, their rights, and the right that each page asks for. The whole map is on this page.

`access.merchant_page` reads `PAGES` when a page is asked for; a page without a line here is never shown.
"""

from enum import Enum


class Role(Enum):
    ADMIN = "admin"
    SUPPORT = "support"
    FINANCE = "finance"
    OPERATIONS = "operations"
    VIEWER = "viewer"

    @property
    def label(self) -> str:
        return self.value.capitalize()

    @property
    def summary(self) -> str:
        return SUMMARIES[self]


class Right(Enum):
    """The value completes “You may not …” on the page that refuses."""

    SEE = "see orders and customers"
    SEE_RAW = "see raw data"
    SHARE = "save views for the team"
    DRAFT = "create and change orders"
    PAY = "take payments and cancel orders"
    REFUND = "refund payments"
    FULFILL = "fulfill orders"
    HANDLE = "hold, tag and assign orders"
    JOBS = "change many orders at once"  # what each kind of change asks for comes on top
    APPROVALS = "see requests for approval"  # one's own, and those of what one may do oneself
    JOURNAL = "see the journal"  # one's own operations
    JOURNAL_OF_ALL = "see what others did"
    EXPORT = "export lists"  # shipments, partner updates, and what one sees of the journal
    EXPORT_ALL = "export orders, customers and payments"
    FINANCE = "see what was collected, refunded and is owed"
    REVIEW = "review amounts and close months"
    DECIDE = "decide the outcome of a change"
    MANAGE = "manage the merchant, its connections and its members"


SUMMARIES = {
    Role.ADMIN: "Everything, and the merchant, its keys and its members.",
    Role.SUPPORT: "Creates and changes orders, takes payments, cancels.",
    Role.FINANCE: "Reviews money, refunds, decides unclear operations, sees the journal and the data behind amounts.",
    Role.OPERATIONS: "Fulfills orders.",
    Role.VIEWER: "Sees orders and customers, changes nothing.",
}

ROLES: dict[Right, set[Role]] = {
    Right.SEE: set(Role),
    Right.SEE_RAW: {Role.ADMIN, Role.FINANCE},
    Right.SHARE: set(Role) - {Role.VIEWER},
    Right.DRAFT: {Role.ADMIN, Role.SUPPORT},
    Right.PAY: {Role.ADMIN, Role.SUPPORT},
    Right.REFUND: {Role.ADMIN, Role.FINANCE},
    Right.FULFILL: {Role.ADMIN, Role.OPERATIONS},
    Right.HANDLE: {Role.ADMIN, Role.SUPPORT, Role.OPERATIONS},
    Right.JOBS: {Role.ADMIN, Role.SUPPORT, Role.OPERATIONS},
    Right.APPROVALS: {Role.ADMIN, Role.SUPPORT, Role.FINANCE},
    Right.JOURNAL: {Role.ADMIN, Role.SUPPORT, Role.FINANCE, Role.OPERATIONS},
    Right.JOURNAL_OF_ALL: {Role.ADMIN, Role.FINANCE},
    Right.EXPORT: {Role.ADMIN, Role.SUPPORT, Role.FINANCE, Role.OPERATIONS},
    Right.EXPORT_ALL: {Role.ADMIN, Role.FINANCE},
    Right.FINANCE: {Role.ADMIN, Role.FINANCE},
    Right.REVIEW: {Role.ADMIN, Role.FINANCE},
    Right.DECIDE: {Role.ADMIN, Role.FINANCE},
    Right.MANAGE: {Role.ADMIN},
}

# Pages below /<merchant>/<mode>/, by the name of their URL.
PAGES: dict[str, Right] = {
    "order_list": Right.SEE,
    "order_columns": Right.SEE,
    "saved_view_list": Right.SEE,
    "saved_view_add": Right.SEE,
    "saved_view": Right.SEE,
    "saved_view_edit": Right.SEE,
    "saved_view_remove": Right.SEE,
    "order_detail": Right.SEE,
    "order_neighbor": Right.SEE,
    "order_json": Right.SEE_RAW,
    "order_pay": Right.PAY,
    "order_refund": Right.REFUND,
    "order_fulfill": Right.FULFILL,
    "order_handling": Right.HANDLE,
    "order_hold": Right.HANDLE,
    "order_release": Right.HANDLE,
    "order_cancel_units": Right.FULFILL,
    "fulfillment_undo": Right.FULFILL,
    "order_next_to_fulfill": Right.FULFILL,
    "to_fulfill": Right.SEE,
    "open_slips": Right.FULFILL,
    "to_fulfill_handle": Right.HANDLE,
    "batch_list": Right.FULFILL,
    "batch_create": Right.FULFILL,
    "batch_detail": Right.FULFILL,
    "batch_pick_list": Right.FULFILL,
    "batch_slips": Right.FULFILL,
    "station": Right.FULFILL,
    "item_list": Right.FULFILL,
    "item_add": Right.FULFILL,
    "item_edit": Right.FULFILL,
    "item_paste": Right.FULFILL,
    "item_remove": Right.FULFILL,
    "items_fill": Right.FULFILL,
    "items_file": Right.FULFILL,
    "packing_slip": Right.FULFILL,
    "packing_slips": Right.FULFILL,
    "order_ids": Right.FULFILL,
    "order_shipments": Right.SEE,
    "shipment_list": Right.SEE,
    "shipment_manifest": Right.SEE,
    "digital_river_list": Right.SEE,
    "digital_river_detail": Right.SEE,
    "shipment_detail": Right.SEE,
    "shipment_correct": Right.FULFILL,
    "shipment_tell": Right.FULFILL,
    "shipment_known": Right.FULFILL,
    "shipment_status": Right.FULFILL,
    "shipment_statuses": Right.FULFILL,
    "partner_update_list": Right.SEE,
    "partner_updates_send_again": Right.FULFILL,
    "partner_updates_send_missed": Right.FULFILL,
    "shipment_send_missed": Right.FULFILL,
    "partner_update_send_again": Right.FULFILL,
    "partner_update_stop": Right.FULFILL,
    "partner_update_release": Right.FULFILL,
    "order_cancel": Right.PAY,
    "order_edit": Right.DRAFT,
    "draft_list": Right.DRAFT,
    "draft_new": Right.DRAFT,
    "draft_copy": Right.DRAFT,
    "draft_revise": Right.DRAFT,
    "draft_detail": Right.DRAFT,
    "draft_presence": Right.DRAFT,
    "draft_discard": Right.DRAFT,
    "draft_create": Right.DRAFT,
    "journal": Right.JOURNAL,
    "export_list": Right.EXPORT,
    "export_start": Right.EXPORT,
    "export_file": Right.EXPORT,
    "export_remove": Right.EXPORT,
    "export_schedule_add": Right.EXPORT,
    "export_schedule_remove": Right.EXPORT,
    "accounting_list": Right.EXPORT_ALL,
    "accounting_make": Right.EXPORT_ALL,
    "accounting_schedule_set": Right.EXPORT_ALL,
    "accounting_file": Right.EXPORT_ALL,
    "job_list": Right.JOBS,
    "job_import": Right.FULFILL,
    "job_fulfill": Right.FULFILL,
    "job_template": Right.FULFILL,
    "job_cancel": Right.PAY,
    "job_edit": Right.DRAFT,
    "job_status": Right.FULFILL,
    "job_send_again": Right.FULFILL,
    "job_detail": Right.JOBS,
    "job_results": Right.JOBS,
    "job_bad": Right.JOBS,
    "job_correct": Right.FULFILL,
    "job_confirm": Right.JOBS,
    "job_apply": Right.JOBS,
    "job_undo": Right.JOBS,
    "job_stop": Right.JOBS,
    "job_retry": Right.JOBS,
    "job_discard": Right.JOBS,
    "operation_detail": Right.JOURNAL,
    "operation_decide": Right.DECIDE,
    "contradiction_close": Right.DECIDE,
    "operation_watch": Right.SEE,
    "approval_list": Right.APPROVALS,
    "approval_detail": Right.APPROVALS,
    "approval_approve": Right.APPROVALS,
    "approval_decline": Right.APPROVALS,
    "approval_withdraw": Right.APPROVALS,
    "review_queue": Right.REVIEW,
    "review_order": Right.REVIEW,
    "review_assign": Right.REVIEW,
    "month_list": Right.REVIEW,
    "month_detail": Right.REVIEW,
    "month_second": Right.REVIEW,
    "customer_list": Right.SEE,
    "customer_detail": Right.SEE,
    "search": Right.SEE,
    "finance_overview": Right.FINANCE,
    "finance_payments": Right.FINANCE,
    "finance_refunds": Right.FINANCE,
    "finance_receivables": Right.FINANCE,
    "finance_compare": Right.FINANCE,
    "merchant_settings": Right.MANAGE,
    "connection_list": Right.MANAGE,
    "connection_add": Right.MANAGE,
    "connection_activate": Right.MANAGE,
    "connection_switch_off": Right.MANAGE,
    "connection_try": Right.MANAGE,
    "connection_rename": Right.MANAGE,
    "connection_remove": Right.MANAGE,
    "connection_webhooks": Right.MANAGE,
    "connection_webhooks_register": Right.MANAGE,
    "connection_webhooks_secret": Right.MANAGE,
    "connection_webhooks_replace": Right.MANAGE,
    "connection_webhooks_switch_off": Right.MANAGE,
    "limit_settings": Right.MANAGE,
    "partner_settings": Right.MANAGE,
    "index_page": Right.MANAGE,
    "index_rebuild": Right.MANAGE,
    "index_compare": Right.MANAGE,
    "member_list": Right.MANAGE,
    "member_edit": Right.MANAGE,
    "member_remove": Right.MANAGE,
    "member_reset_factor": Right.MANAGE,
    "invitation_send": Right.MANAGE,
    "invitation_withdraw": Right.MANAGE,
}


def roles_with(right: Right) -> set[str]:
    return {role.value for role in ROLES[right]}
