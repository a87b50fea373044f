/** @file Orders: list, detail, status, tracking, notes, cancel, refund, returns. */

import type { Hono } from "hono";
import { day, daysBetween } from "../dates.ts";
import { addressLine, money } from "../store/format.ts";
import {
  addOrderNote,
  cancelOrder,
  decideReturn,
  refundOrder,
  setOrderStatus,
  setTracking,
} from "../store/orders.ts";
import { customerOf, matches, orderById, orderTotal, productOf, returnDeadline } from "../store/queries.ts";
import type { Refusal } from "../store/refusal.ts";
import { attempt, flash, formOf, type StoreContext, type StoreEnv } from "../store/session.ts";
import { ORDER_STATUSES, type Order, type OrderStatus } from "../store/state.ts";
import { ReturnBadge, StatusBadge } from "../storefront/pages-orders.tsx";
import { Button, Card, Facts, Field, Heading, Modal, PostButton, Table } from "../ui.tsx";
import { failure, listPage, notFound, show } from "./context.tsx";

const SORTS = ["Newest", "Oldest", "Highest total", "Lowest total"] as const;

export function orderPages(app: Hono<StoreEnv>): void {
  app.get("/orders", (c) => {
    const state = c.env.store;
    const query = c.req.query();
    const orders = state.orders.filter(
      (o) =>
        (!query["status"] || o.status === query["status"]) &&
        matches(query["q"] ?? "", String(o.id), customerOf(state, o.customerId).name),
    );
    const sort = query["sort"] ?? SORTS[0];
    if (sort === "Newest") orders.reverse();
    if (sort === "Highest total") orders.sort((a, b) => orderTotal(b) - orderTotal(a));
    if (sort === "Lowest total") orders.sort((a, b) => orderTotal(a) - orderTotal(b));
    return listPage(c, "Orders", orders, {
      filters: (
        <>
          <Field
            label="Status"
            name="status"
            type="select"
            value={query["status"]}
            options={[["", "Any"], ...ORDER_STATUSES.map((s) => [s, s] as const)]}
          />
          <Field label="Sort" name="sort" type="select" value={sort} options={SORTS} />
        </>
      ),
      head: ["Order", "Customer", "Placed", "Total", "Status"],
      numeric: [3],
      row: (o) => [
        <a href={`/orders/${o.id}`}>Order {o.id}</a>,
        customerOf(state, o.customerId).name,
        day(o.placed),
        money(orderTotal(o)),
        <StatusBadge status={o.status} />,
      ],
    });
  });

  app.get("/orders/:id", (c) => {
    const order = orderById(c.env.store, Number(c.req.param("id")));
    return order ? orderPage(c, order, null) : notFound(c);
  });

  app.post("/orders/:id/:verb{status|tracking|note|cancel|refund}", async (c) => {
    const state = c.env.store;
    const order = orderById(state, Number(c.req.param("id")));
    if (!order) return notFound(c);
    const field = await formOf(c);
    const acts: Record<string, [done: string, act: () => void]> = {
      status: ["The status is saved.", () => setOrderStatus(state, order.id, field("status") as OrderStatus)],
      tracking: ["The tracking number is saved.", () => setTracking(state, order.id, field("tracking"))],
      note: ["The note is added.", () => addOrderNote(state, order.id, field("note"))],
      cancel: [`Order ${order.id} is canceled.`, () => cancelOrder(state, order.id)],
      refund: [`Order ${order.id} is refunded.`, () => refundOrder(state, order.id)],
    };
    const [done, act] = acts[c.req.param("verb")]!;
    const refusal = attempt(act);
    if (refusal) return orderPage(c, order, refusal);
    flash(c.get("session"), done);
    return c.redirect(`/orders/${order.id}`);
  });

  app.post("/returns/:id/:verb{approve|reject}", (c) => {
    const state = c.env.store;
    const entry = state.returns.find((r) => r.id === Number(c.req.param("id")));
    if (!entry) return notFound(c);
    const status = c.req.param("verb") === "approve" ? "Approved" : "Rejected";
    const refusal = attempt(() => decideReturn(state, entry.id, status));
    flash(
      c.get("session"),
      refusal?.message ?? `The return is ${status.toLowerCase()}.`,
      refusal ? "error" : "success",
    );
    return c.redirect(`/orders/${entry.orderId}`);
  });
}

function orderPage(c: StoreContext, order: Order, refusal: Refusal | null) {
  const state = c.env.store;
  const customer = customerOf(state, order.customerId);
  const error = (name: string) => (refusal?.field === name ? refusal.message : undefined);
  const ended = order.status === "Canceled" || order.status === "Refunded";
  const deadline = returnDeadline(order);
  const path = `/orders/${order.id}`;
  return show(
    c,
    `Order ${order.id}`,
    <>
      <Heading title={`Order ${order.id}`}>
        {(order.status === "Pending" || order.status === "Processing") && (
          <Modal
            id="cancel"
            open="Cancel order"
            kind="danger"
            title={`Cancel order ${order.id}?`}
            cancel="Keep order"
          >
            <PostButton action={`${path}/cancel`} label="Yes, cancel order" kind="danger" />
          </Modal>
        )}
        {(order.status === "Shipped" || order.status === "Delivered") && (
          <Modal
            id="refund"
            open="Refund order"
            kind="danger"
            title={`Refund order ${order.id}?`}
            cancel="Keep order"
          >
            <PostButton action={`${path}/refund`} label="Yes, refund order" kind="danger" />
          </Modal>
        )}
      </Heading>
      <div class="cols">
        <div>
          {!ended && (
            <Card>
              <form class="row end" method="post" action={`${path}/status`}>
                <Field
                  label="Status"
                  name="status"
                  type="select"
                  value={order.status}
                  options={ORDER_STATUSES.slice(0, 4)}
                  error={error("status")}
                />
                <Button>Save status</Button>
              </form>
            </Card>
          )}
          <Card>
            <Facts
              items={[
                ...(ended ? [["Status", <StatusBadge status={order.status} />] as const] : []),
                ["Customer", <a href={`/customers/${customer.id}`}>{customer.name}</a>],
                ["Placed", day(order.placed)],
                ["Total", money(orderTotal(order))],
                ["Shipping", order.shipping],
                ["Payment", order.payment],
                ["Address", addressLine(order.address)],
                ...(order.delivered ? [["Delivered", day(order.delivered)] as const] : []),
                ...(deadline && order.status === "Delivered"
                  ? [["Return until", day(deadline)] as const]
                  : []),
              ]}
            />
          </Card>
        </div>
        <div>
          <Table
            head={["Product", "Quantity", "Price"]}
            numeric={[2]}
            rows={order.lines.map((line) => [
              <a href={`/products/${line.productId}`}>{productOf(state, line.productId).name}</a>,
              line.quantity,
              money(line.price),
            ])}
          />
          <Returns c={c} order={order} />
          <Card>
            <form class="row end" method="post" action={`${path}/tracking`}>
              <Field
                label="Tracking"
                name="tracking"
                value={order.tracking ?? ""}
                error={error("tracking")}
              />
              <Button kind="plain">Save tracking</Button>
            </form>
            <br />
            <form class="row end" method="post" action={`${path}/note`}>
              <Field label="Note" name="note" error={error("note")} />
              <Button kind="plain">Add note</Button>
            </form>
            {order.notes.length > 0 && <br />}
            {order.notes.map((note) => (
              <p>
                {day(note.at)}: {note.text}
              </p>
            ))}
          </Card>
        </div>
      </div>
    </>,
    failure(refusal),
  );
}

/** Requested returns with the number of days that the policy asks for. */
function Returns({ c, order }: { c: StoreContext; order: Order }) {
  const state = c.env.store;
  const returns = state.returns.filter((r) => r.orderId === order.id);
  return (
    <>
      {returns.map((entry) => {
        const name = productOf(state, entry.productId).name;
        return (
          <Card title="Return">
            <Facts
              items={[
                ["Item", name],
                ["Reason", entry.reason],
                ["Requested", day(entry.requested)],
                ...(order.delivered
                  ? [["After delivery", `${daysBetween(order.delivered, entry.requested)} days`] as const]
                  : []),
                ["Decision", <ReturnBadge status={entry.status} />],
              ]}
            />
            {entry.status === "Requested" && (
              <div class="row">
                <PostButton action={`/returns/${entry.id}/approve`} label="Approve return" kind="primary" />
                <PostButton action={`/returns/${entry.id}/reject`} label="Reject return" kind="danger" />
              </div>
            )}
          </Card>
        );
      })}
    </>
  );
}
