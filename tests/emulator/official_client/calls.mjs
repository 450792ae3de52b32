// Sends the calls that a dashboard needs through RevKeen's own SDK, and prints every answer as JSON.
//
// The published SDK has Order types but, since May 2026, no order operations. Those here are in the form its generator
// gives every other operation, and go through its public requestData(): its address building, key, body and error
// handling are the library's own.
import { RevKeenClient } from "@revkeen/sdk";

const [baseUrl, apiKey, customer, method] = process.argv.slice(2);
const revkeen = new RevKeenClient({ apiKey, baseUrl });
const security = [{ name: "x-api-key", type: "apiKey" }, { scheme: "bearer", type: "http" }];
const json = { "Content-Type": "application/json" };

const operation = (verb, url) => (options) => options.client[verb]({ security, url, ...options });
const send = (verb, url, path, body, key) =>
  revkeen.requestData(operation(verb, url), {
    path,
    body,
    headers: { ...json, ...(key ? { "Idempotency-Key": key } : {}) },
  });
const orders = {
  list: (query) => revkeen.requestData(operation("get", "/orders"), { query }),
  create: (body, key) => send("post", "/orders", undefined, body, key),
  get: (id) => revkeen.requestData(operation("get", "/orders/{id}"), { path: { id } }),
  update: (id, body) => send("patch", "/orders/{id}", { id }, body),
  pay: (id, body, key) => send("post", "/orders/{id}/pay", { id }, body, key),
  cancel: (id, body) => send("post", "/orders/{id}/cancel", { id }, body),
  fulfill: (id, body) => send("post", "/orders/{id}/fulfill", { id }, body),
};
const refusal = (call) =>
  call.then(
    () => { throw new Error("was not refused"); },
    (error) => ({ name: error.constructor.name, status: error.status, message: error.message, body: error.body }),
  );

const answers = {};
const line = { description: "Rope", unit_price: 1000, quantity: 2, metadata: { sku: "R-1" } };
const newOrder = { customer_id: customer, currency: "eur", line_items: [line, line], notes: "From the SDK" };

answers.created = await orders.create(newOrder, "created-once");
answers.createdAgain = await orders.create(newOrder, "created-once");
const id = answers.created.id;
answers.updated = await orders.update(id, { notes: null, metadata: { campaign: "autumn" } });
answers.paidInPart = await orders.pay(id, { payment_method_id: method, amount: 1500 });
answers.declined = await refusal(orders.pay(id, { payment_token: "tok_decline_sdk" }));
answers.paid = await orders.pay(id, { payment_token: "tok_approve_sdk" }, "paid-once");
answers.fulfilledInPart = await orders.fulfill(id, { line_item_ids: [answers.paid.line_items[0].id], carrier: "ups" });
answers.fulfilled = await orders.fulfill(id, { tracking_number: "1Z", notify_customer: false });
answers.wrongState = await refusal(orders.cancel(id, { reason: "too late" }));
answers.canceled = await orders.cancel((await orders.create({ line_items: [line] })).id, { reason: "twice" });
answers.order = await orders.get(id);
answers.missing = await refusal(orders.get("00000000-0000-4000-8000-000000000000"));
answers.orders = await orders.list({ limit: 3, customer_id: customer, created_gte: 1 });
answers.firstPage = await orders.list({ limit: 2 });
answers.nextPage = await orders.list({ limit: 2, starting_after: answers.firstPage.data[1].id });
answers.previousPage = await orders.list({ limit: 2, ending_before: answers.nextPage.data[0].id });

const invoice_id = answers.order.invoice_id;
answers.transactions = await revkeen.transactions.list({ invoice_id, type: "sale" });
answers.refund = await revkeen.refunds.create({ payment_id: answers.transactions.data[0].id, amount_minor: 100 });
answers.refundAgain = await revkeen.refunds.get(answers.refund.data.id);
answers.refunds = await revkeen.refunds.list({ limit: 2 });
answers.invoice = await revkeen.invoices.get(invoice_id);
answers.events = await revkeen.events.list({ order_id: id, limit: 50 });
answers.customers = await revkeen.customers.list({ limit: 30 });
answers.customer = await revkeen.customers.get(customer);
answers.methods = await revkeen.customers.paymentMethodsList(customer);
answers.products = await revkeen.products.list({ limit: 100 });
answers.product = await revkeen.products.get(answers.products.data[0].id);
answers.prices = await revkeen.prices.list({ limit: 5, active: "true" });
answers.unauthenticated = await refusal(new RevKeenClient({ apiKey: "rk_live_wrong", baseUrl }).products.list());
console.log(JSON.stringify(answers));
