"""All addresses. What is below /<merchant>/<live|test>/ names merchant and mode there and nowhere else."""

from datetime import date

from django.urls import URLPattern, URLResolver, include, path, register_converter
from django.urls.converters import StringConverter

from orders.models import MODES
from orders.views import health
from orders.views.accounts import account
from orders.views.approvals import approvals
from orders.views.approvals import limits as approval_limits
from orders.views.changes import form_page, journal, review
from orders.views.drafts import creation, drafts, origins
from orders.views.exports import accounting, exports, schedules
from orders.views.finance import money, months, overview, receivables
from orders.views.finance import review as review_queue
from orders.views.fulfillment import fulfill, manifest, packing_slips, shipment_list, shipments, to_fulfill, unreported
from orders.views.handling import handling, many
from orders.views.index import settings as index
from orders.views.items import items
from orders.views.jobs import beginning, jobs
from orders.views.jobs import correcting as job_correcting
from orders.views.merchants import connections, invitations, members, profile
from orders.views.orders import (
    cancellations,
    columns,
    customers,
    order_edits,
    order_list,
    orders,
    payments,
    refunds,
    saved_views,
    search,
)
from orders.views.partners import attention, settings, switched_off, updates
from orders.views.picking import batches, papers
from orders.views.station import station
from orders.views.webhooks import receive as webhook
from orders.views.webhooks import settings as webhooks


class ModeConverter(StringConverter):
    regex = "|".join(MODES)


class DirectionConverter(StringConverter):
    regex = "newer|older"


class MonthConverter:
    """`2026-10`, as the first day of the month."""

    regex = "[0-9]{4}-(?:0[1-9]|1[0-2])"

    def to_python(self, value: str) -> date:
        return date.fromisoformat(f"{value}-01")  # ValueError, as of the year 0: there is no such page

    def to_url(self, value: object) -> str:
        return f"{value:%Y-%m}" if isinstance(value, date) else str(value)


register_converter(MonthConverter, "month")
register_converter(ModeConverter, "mode")
register_converter(DirectionConverter, "direction")

order_pages = [
    path("", order_list.order_list, name="order_list"),
    path("columns/", columns.order_columns_choose, name="order_columns"),
    path("views/", saved_views.saved_view_list, name="saved_view_list"),
    path("views/add/", saved_views.saved_view_add, name="saved_view_add"),
    path("views/<uuid:view_id>/", saved_views.saved_view, name="saved_view"),
    path("views/<uuid:view_id>/edit/", saved_views.saved_view_edit, name="saved_view_edit"),
    path("views/<uuid:view_id>/remove/", saved_views.saved_view_remove, name="saved_view_remove"),
    path("<uuid:order_id>/", orders.order_detail, name="order_detail"),
    path("<uuid:order_id>/<direction:direction>/", order_list.order_neighbor, name="order_neighbor"),
    path("<uuid:order_id>/json/", orders.order_json, name="order_json"),
    path("<uuid:order_id>/pay/", payments.order_pay, name="order_pay"),
    path("<uuid:order_id>/refund/", refunds.order_refund, name="order_refund"),
    path("<uuid:order_id>/fulfill/", fulfill.order_fulfill, name="order_fulfill"),
    path("<uuid:order_id>/handling/", handling.order_handling, name="order_handling"),
    path("<uuid:order_id>/hold/", handling.order_hold, name="order_hold"),
    path("<uuid:order_id>/release/", handling.order_release, name="order_release"),
    path("<uuid:order_id>/cancel-units/", fulfill.order_cancel_units, name="order_cancel_units"),
    path("<uuid:order_id>/next-to-fulfill/", fulfill.order_next_to_fulfill, name="order_next_to_fulfill"),
    path("<uuid:order_id>/partner-ids/", settings.order_ids, name="order_ids"),
    path("<uuid:order_id>/shipments/", shipments.order_shipments, name="order_shipments"),
    path("<uuid:order_id>/copy/", origins.draft_copy, name="draft_copy"),
    path("<uuid:order_id>/revise/", origins.draft_revise, name="draft_revise"),
    path("<uuid:order_id>/cancel/", cancellations.order_cancel, name="order_cancel"),
    path("<uuid:order_id>/edit/", order_edits.order_edit, name="order_edit"),
]

draft_pages = [
    path("", drafts.draft_list, name="draft_list"),
    path("new/", drafts.draft_new, name="draft_new"),
    path("<uuid:draft_id>/", drafts.draft_detail, name="draft_detail"),
    path("<uuid:draft_id>/presence/", drafts.draft_presence, name="draft_presence"),
    path("<uuid:draft_id>/discard/", drafts.draft_discard, name="draft_discard"),
    path("<uuid:draft_id>/create/", creation.draft_create, name="draft_create"),
]

finance_pages = [
    path("", overview.overview, name="finance_overview"),
    path("compare/", overview.compare, name="finance_compare"),
    path("payments/", money.payments, name="finance_payments"),
    path("refunds/", money.refunds, name="finance_refunds"),
    path("receivables/", receivables.receivables, name="finance_receivables"),
]

journal_pages = [
    path("", journal.journal, name="journal"),
    path("<uuid:operation_id>/", review.operation_detail, name="operation_detail"),
    path("<uuid:operation_id>/decide/", review.operation_decide, name="operation_decide"),
    path("<uuid:operation_id>/close/", review.contradiction_close, name="contradiction_close"),
    path("<uuid:operation_id>/watch/", form_page.operation_watch, name="operation_watch"),
]

approval_pages = [
    path("", approvals.approval_list, name="approval_list"),
    path("<uuid:approval_id>/", approvals.approval_detail, name="approval_detail"),
    path("<uuid:approval_id>/approve/", approvals.approval_approve, name="approval_approve"),
    path("<uuid:approval_id>/decline/", approvals.approval_decline, name="approval_decline"),
    path("<uuid:approval_id>/withdraw/", approvals.approval_withdraw, name="approval_withdraw"),
]

customer_pages = [
    path("", customers.customer_list, name="customer_list"),
    path("<uuid:customer_id>/", customers.customer_detail, name="customer_detail"),
]

webhook_pages = [
    path("<uuid:connection_id>/webhooks/", webhooks.connection_webhooks, name="connection_webhooks"),
    path("<uuid:connection_id>/webhooks/register/", webhooks.webhooks_register, name="connection_webhooks_register"),
    path("<uuid:connection_id>/webhooks/secret/", webhooks.webhooks_secret, name="connection_webhooks_secret"),
    path("<uuid:connection_id>/webhooks/replace/", webhooks.webhooks_replace, name="connection_webhooks_replace"),
    path(
        "<uuid:connection_id>/webhooks/switch-off/",
        webhooks.webhooks_switch_off,
        name="connection_webhooks_switch_off",
    ),
]

settings_pages: list[URLPattern | URLResolver] = [
    path("", profile.merchant_settings, name="merchant_settings"),
    path("connections/", connections.connection_list, name="connection_list"),
    path("connections/add/", connections.connection_add, name="connection_add"),
    path("connections/<uuid:connection_id>/activate/", connections.connection_activate, name="connection_activate"),
    path(
        "connections/<uuid:connection_id>/switch-off/",
        connections.connection_switch_off,
        name="connection_switch_off",
    ),
    path("connections/<uuid:connection_id>/try/", connections.connection_try, name="connection_try"),
    path("connections/<uuid:connection_id>/rename/", connections.connection_rename, name="connection_rename"),
    path("connections/<uuid:connection_id>/remove/", connections.connection_remove, name="connection_remove"),
    path("connections/", include(webhook_pages)),
    path("limits/", approval_limits.limit_settings, name="limit_settings"),
    path("partners/", settings.partner_settings, name="partner_settings"),
    path("index/", index.index_page, name="index_page"),
    path("index/rebuild/", index.index_rebuild, name="index_rebuild"),
    path("index/compare/", index.index_compare, name="index_compare"),
    path("members/", members.member_list, name="member_list"),
    path("members/<int:pk>/", members.member_edit, name="member_edit"),
    path("members/<int:pk>/remove/", members.member_remove, name="member_remove"),
    path("members/<int:pk>/reset-factor/", members.member_reset_factor, name="member_reset_factor"),
    path("invitations/", members.invitation_send, name="invitation_send"),
    path("invitations/<uuid:invitation_id>/withdraw/", members.invitation_withdraw, name="invitation_withdraw"),
]

shipment_pages = [
    path("", shipment_list.shipment_list, name="shipment_list"),
    path("manifest/", manifest.shipment_manifest, name="shipment_manifest"),
    path("digital-river/", shipment_list.digital_river_list, name="digital_river_list"),
    path("digital-river/<path:fulfillment_id>/", shipment_list.digital_river_detail, name="digital_river_detail"),
    path("statuses/", shipments.shipment_statuses, name="shipment_statuses"),
    path("slips/", packing_slips.packing_slips, name="packing_slips"),
    path("<int:pk>/slip/", packing_slips.packing_slip, name="packing_slip"),
    path("<int:pk>/", shipments.shipment_detail, name="shipment_detail"),
    path("<int:pk>/correct/", shipments.shipment_correct, name="shipment_correct"),
    path("<int:pk>/status/", shipments.shipment_status, name="shipment_status"),
    path("<int:pk>/send/<slug:destination>/", switched_off.shipment_send_missed, name="shipment_send_missed"),
    path("<int:pk>/tell/", unreported.shipment_tell, name="shipment_tell"),
    path("<int:pk>/known/", unreported.shipment_known, name="shipment_known"),
]

partner_update_pages = [
    path("", attention.partner_update_list, name="partner_update_list"),
    path("missed/<slug:destination>/", switched_off.partner_updates_send_missed, name="partner_updates_send_missed"),
    path("send-again/", attention.partner_updates_send_again, name="partner_updates_send_again"),
    path("<int:pk>/send-again/", updates.partner_update_send_again, name="partner_update_send_again"),
    path("<int:pk>/stop/", updates.partner_update_stop, name="partner_update_stop"),
    path("<int:pk>/release/", updates.partner_update_release, name="partner_update_release"),
]

export_pages = [
    path("", exports.export_list, name="export_list"),
    path("start/", exports.export_start, name="export_start"),
    path("<uuid:export_id>/file/", exports.export_file, name="export_file"),
    path("<uuid:export_id>/remove/", exports.export_remove, name="export_remove"),
    path("accounting/", accounting.accounting_list, name="accounting_list"),
    path("accounting/make/", accounting.accounting_make, name="accounting_make"),
    path("accounting/schedule/", accounting.accounting_schedule_set, name="accounting_schedule_set"),
    path("accounting/<int:number>/", accounting.accounting_file, name="accounting_file"),
    path("schedules/add/", schedules.export_schedule_add, name="export_schedule_add"),
    path("schedules/<uuid:schedule_id>/remove/", schedules.export_schedule_remove, name="export_schedule_remove"),
]

item_pages = [
    path("", items.item_list, name="item_list"),
    path("add/", items.item_add, name="item_add"),
    path("paste/", items.item_paste, name="item_paste"),
    path("fill/", items.items_fill, name="items_fill"),
    path("file/", items.items_file, name="items_file"),
    path("<int:pk>/", items.item_edit, name="item_edit"),
    path("<int:pk>/remove/", items.item_remove, name="item_remove"),
]

job_pages = [
    path("", jobs.job_list, name="job_list"),
    path("import/", beginning.job_import, name="job_import"),
    path("fulfill/", beginning.job_fulfill, name="job_fulfill"),
    path("template.csv", beginning.job_template, name="job_template"),
    path("cancel/", beginning.job_cancel, name="job_cancel"),
    path("edit/", beginning.job_edit, name="job_edit"),
    path("status/", beginning.job_status, name="job_status"),
    path("send-again/", beginning.job_send_again, name="job_send_again"),
    path("<uuid:job_id>/", jobs.job_detail, name="job_detail"),
    path("<uuid:job_id>/results.csv", jobs.job_file, {"which": "results"}, name="job_results"),
    path("<uuid:job_id>/bad.csv", jobs.job_file, {"which": "bad"}, name="job_bad"),
    path("<uuid:job_id>/correct/", job_correcting.job_correct, name="job_correct"),
    path("<uuid:job_id>/confirm/", jobs.job_confirm, name="job_confirm"),
    path("<uuid:job_id>/apply/", jobs.job_apply, name="job_apply"),
    path("<uuid:job_id>/undo/", jobs.job_undo, name="job_undo"),
    path("<uuid:job_id>/stop/", jobs.job_stop, name="job_stop"),
    path("<uuid:job_id>/retry/", jobs.job_retry, name="job_retry"),
    path("<uuid:job_id>/discard/", jobs.job_discard, name="job_discard"),
]

review_pages = [
    path("review/", review_queue.review_queue, name="review_queue"),
    path("review/<uuid:order_id>/", review_queue.review_order, name="review_order"),
    path("review/<uuid:order_id>/assign/", review_queue.review_assign, name="review_assign"),
    path("months/", months.month_list, name="month_list"),
    path("months/<month:month>/", months.month_detail, name="month_detail"),
    path("months/<month:month>/second/", months.month_second, name="month_second"),
]

batch_pages = [
    path("", batches.batch_list, name="batch_list"),
    path("create/", batches.batch_create, name="batch_create"),
    path("<int:number>/", batches.batch_detail, name="batch_detail"),
    path("<int:number>/pick-list/", papers.batch_pick_list, name="batch_pick_list"),
    path("<int:number>/slips/", papers.batch_slips, name="batch_slips"),
]

merchant_pages: list[URLPattern | URLResolver] = [
    path("orders/", include(order_pages)),
    path("fulfillments/<uuid:fulfillment_id>/undo/", fulfill.fulfillment_undo, name="fulfillment_undo"),
    path("customers/", include(customer_pages)),
    path("drafts/", include(draft_pages)),
    path("shipments/", include(shipment_pages)),
    path("partner-updates/", include(partner_update_pages)),
    path("approvals/", include(approval_pages)),
    path("finance/", include(finance_pages)),
    path("finance/", include(review_pages)),
    path("journal/", include(journal_pages)),
    path("exports/", include(export_pages)),
    path("station/", station.station, name="station"),
    path("items/", include(item_pages)),
    path("jobs/", include(job_pages)),
    path("to-fulfill/", to_fulfill.to_fulfill, name="to_fulfill"),
    path("to-fulfill/slips/", papers.open_slips, name="open_slips"),
    path("to-fulfill/handle/", many.to_fulfill_handle, name="to_fulfill_handle"),
    path("batches/", include(batch_pages)),
    path("search/", search.search, name="search"),
    path("settings/", include(settings_pages)),
]

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("hooks/revkeen/<uuid:connection_id>/", webhook.webhook_receive, name="webhook_receive"),
    path("", profile.chooser, name="chooser"),
    path("account/", account.account, name="account"),
    path("account/session/", account.session_state, name="session_state"),
    path("account/theme/", account.theme, name="theme"),
    path("account/shortcuts/", account.shortcuts, name="shortcuts"),
    path("account/sessions/end/", account.session_end, name="session_end"),
    path("account/sessions/end-all/", account.sessions_end, name="sessions_end"),
    path("invitation/", invitations.invitation_accept, name="invitation_accept"),
    path("<slug:merchant>/<mode:mode>/", include(merchant_pages)),
]
