"""A hundred thousand orders read into a new database, with customers, payments, refunds and parcels."""

from bench.asking import BEGIN

FILL = (
    BEGIN
    + """
from orders.apis.revkeen import reads
from orders.models import Fulfillment, Shipment, ShipmentItem, TrackingNumber
from orders.services.index import clock, learning, money_copies, writing
from orders.services.revkeen import customer_names, session
SHIPPED = 10  # orders of each page of a hundred, from here
def pages(read_after):
    page = None
    while page is None or page.rows and (page.has_more or page.total):
        with session.session(merchant, "live", 600) as api:
            for _ in range(200):
                page = api.get(read_after(page)).require()
                if not page.rows:
                    return
                yield page
customers = 0
def customers_after(page):
    global customers
    customers += len(page.rows) if page else 0
    return reads.customers(offset=customers, limit=100)
def orders_after(page):
    return reads.orders(limit=100, starting_after=page.rows[-1].id if page else None)
for page in pages(customers_after):
    customer_names.remember(merchant, "live", page.rows)
shipper = User.objects.get(email="both@example.com")
def ship(orders):
    made = [[], [], [], []]
    for order in orders:
        place = {"merchant": merchant, "mode": "live", "order_id": order.id, "order_number": order.public_id}
        fulfillment = Fulfillment(id=uuid.uuid4(), user=shipper, who=shipper.email, fingerprint="-", **place)
        carrier = rng.choice(["ups", "fedex", "dhl", "Bicycle"])
        about = {"number": 1, "state": "left", "notified": False, "carrier": carrier}
        shipment = Shipment(fulfillment=fulfillment, **about, **place)
        line, number = order.lines[0], f"1Z{rng.randrange(10**15):015}"
        item = ShipmentItem(shipment=shipment, line_item_id=line.id, quantity=1, ordered=line.quantity, description="-")
        tracking = TrackingNumber(shipment=shipment, position=0, number=number, normalized=number)
        for rows, row in zip(made, (fulfillment, shipment, item, tracking)):
            rows.append(row)
    for rows in made:
        type(rows[0]).objects.bulk_create(rows)
rng = random.Random(7)
began, taken = clock.now(), []
for page in pages(orders_after):
    ship([order for order in page.rows if order.lines][:SHIPPED])
    started = time.perf_counter()
    writing.apply(merchant, "live", page, began)
    taken.append(time.perf_counter() - started)
    with session.session(merchant, "live", 600) as api:
        invoiced = next(order.invoice_id for order in page.rows if order.invoice_id)
        learning.learn(merchant, "live", [api.get(reads.invoice(invoiced)).require()])
    if not page.has_more:
        break
def looked_through():  # which a PostgreSQL server does by itself while rows come, unless somebody told it not to
    connection.cursor().execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")
def keep_all(read_after, keep):
    looked_through()
    for page in pages(read_after):
        keep(merchant, "live", page, began)
        learning.learn(merchant, "live", page.rows)
        if not page.has_more:
            break
refunds = 0
def refunds_after(page):
    global refunds
    refunds += len(page.rows) if page else 0
    return reads.refunds_since(None, refunds)
def money_after(page):
    return reads.transactions_since(None, page.rows[-1].id if page else None)
keep_all(money_after, money_copies.keep_transactions)
keep_all(refunds_after, money_copies.keep_refunds)
IndexState.objects.update_or_create(merchant=merchant, mode="live", defaults={"watermark": began})
for kind in Sweep.Kind:
    Sweep.objects.update_or_create(merchant=merchant, mode="live", kind=kind, defaults={"as_of": began})
looked_through()
size = "SELECT pg_database_size(current_database())"
if connection.vendor == "sqlite":
    size = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
with connection.cursor() as cursor:
    cursor.execute(size)
    bytes_held = cursor.fetchone()[0]
print(json.dumps([OrderCopy.objects.count(), statistics.mean(taken), bytes_held / 2**20]))
"""
)
