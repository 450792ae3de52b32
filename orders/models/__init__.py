from orders.models.accounting import AccountingFile, AccountingRow, AccountingSchedule
from orders.models.approvals import ApprovalRequest, ApprovalToken
from orders.models.closings import AfterClosing, ClosedMovement, MonthClosing, Movement
from orders.models.connections import Connection
from orders.models.customer_copies import CustomerCopy
from orders.models.decisions import DecisionCheck
from orders.models.drafts import Draft, DraftVisit
from orders.models.events import EventLog
from orders.models.exports import Export, ExportChunk, ExportFormat, ExportSchedule
from orders.models.findings import Finding, ReviewCase, SignOff
from orders.models.handling import Handling, Hold, OrderTag
from orders.models.index import IndexState, InvoiceToRead, ProductCopy, Sweep, ToRead
from orders.models.items import Item, ItemBarcode
from orders.models.jobs import Job, JobRow
from orders.models.log_chain import ChainHead, ChainLink, Fact, Unchained
from orders.models.merchants import INVITATION_LASTS, MODES, Invitation, Membership, Merchant
from orders.models.operations import JournalCounter, Operation, OperationToken, OrderLock
from orders.models.order_copies import OrderCopy, OrderLineCopy, Term
from orders.models.packing import Packing
from orders.models.partner_shipments import PartnerShipment, PartnerSweep
from orders.models.partner_updates import PartnerUpdate, PartnerUpdateAttempt, WorkerSeen
from orders.models.partners import OrderIds, PartnerOrder, PartnerSettings
from orders.models.people import User
from orders.models.picking import Batch, BatchOrder, BatchPrint
from orders.models.refunds import RefundStatus
from orders.models.saved_views import SavedView
from orders.models.sessions import Session
from orders.models.shipments import Fulfillment, Shipment, ShipmentItem, SlipPrint, TrackingNumber
from orders.models.transaction_copies import MoneyCopy, RefundCopy, TransactionCopy
from orders.models.unsent import UnsentForm
from orders.models.webhooks import WebhookReceived, WebhookReceiver, WebhookSecret

__all__ = [
    "INVITATION_LASTS",
    "MODES",
    "AccountingFile",
    "AccountingRow",
    "AccountingSchedule",
    "AfterClosing",
    "ApprovalRequest",
    "ApprovalToken",
    "Batch",
    "BatchOrder",
    "BatchPrint",
    "ChainHead",
    "ChainLink",
    "ClosedMovement",
    "Connection",
    "CustomerCopy",
    "DecisionCheck",
    "Draft",
    "DraftVisit",
    "EventLog",
    "Export",
    "ExportChunk",
    "ExportFormat",
    "ExportSchedule",
    "Fact",
    "Finding",
    "Fulfillment",
    "Handling",
    "Hold",
    "IndexState",
    "Invitation",
    "InvoiceToRead",
    "Item",
    "ItemBarcode",
    "Job",
    "JobRow",
    "JournalCounter",
    "Membership",
    "Merchant",
    "MoneyCopy",
    "MonthClosing",
    "Movement",
    "Operation",
    "OperationToken",
    "OrderCopy",
    "OrderIds",
    "OrderLineCopy",
    "OrderLock",
    "OrderTag",
    "Packing",
    "PartnerOrder",
    "PartnerSettings",
    "PartnerShipment",
    "PartnerSweep",
    "PartnerUpdate",
    "PartnerUpdateAttempt",
    "ProductCopy",
    "RefundCopy",
    "RefundStatus",
    "ReviewCase",
    "SavedView",
    "Session",
    "Shipment",
    "ShipmentItem",
    "SignOff",
    "SlipPrint",
    "Sweep",
    "Term",
    "ToRead",
    "TrackingNumber",
    "TransactionCopy",
    "Unchained",
    "UnsentForm",
    "User",
    "WebhookReceived",
    "WebhookReceiver",
    "WebhookSecret",
    "WorkerSeen",
]
