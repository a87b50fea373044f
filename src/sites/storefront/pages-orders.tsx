/** @file Order history, canceling, ordering again, returns. For customers only. */

import type { Hono } from "hono";
import { day } from "../dates.ts";
import { addressLine, money } from "../store/format.ts";
import { cancelOrder, openReturn, reorder } from "../store/orders.ts";
import { orderById, orderTotal, productOf, returnDeadline, whyNoReturn } from "../store/queries.ts";
import type { Refusal } from "../store/refusal.ts";
import { attempt, flash, formOf, type StoreContext, type StoreEnv } from "../store/session.ts";
import {
  ORDER_STATUSES,
  RETURN_DAYS,
  RETURN_REASONS,
  type Order,
  type OrderStatus,
  type Return,
  type ReturnReason,
} from "../store/state.ts";
import {
  Badge,
  Button,
  ButtonLink,
  Card,
  Empty,
  Facts,
  Field,
  Heading,
  Modal,
  Pagination,
  paginate,
  PostButton,
  Radios,
  Table,
  withQuery,
} from "../ui.tsx";
import { notFound, productPath, show } from "./context.tsx";

export function orderPages(app: Hono<StoreEnv>): void {
  app.get("/orders", (c) => {
    const state = c.env.store;
    const query = c.req.query();
    const orders = state.orders
      .filter((o) => o.customerId === c.get("session").user)
      .filter((o) => !query["status"] || o.status === query["status"])
      .reverse();
    const shown = paginate(orders, Number(query["page"]), 8);
    return show(
      c,
      "Orders",
      <>
        <Heading title="Your orders">
          <form class="row end" method="get">
            <Field
              label="Status"
              name="status"
              type="select"
              value={query["status"]}
              options={[["", "Any status"], ...ORDER_STATUSES.map((s) => [s, s] as const)]}
            />
            <Button kind="plain">Apply</Button>
          </form>
        </Heading>
        {shown.total === 0 ? (
          <Empty text="No orders." />
        ) : (
          <Table
            head={["Order", "Placed", "Total", "Status"]}
            rows={shown.items.map((o) => [
              <a href={`/orders/${o.id}`}>Order {o.id}</a>,
              day(o.placed),
              money(orderTotal(o)),
              <StatusBadge status={o.status} />,
            ])}
          />
        )}
        <Pagination {...shown} href={(page) => withQuery("/orders", query, { page })} />
      </>,
    );
  });

  app.get("/orders/:id", (c) => {
    const order = orderOn(c);
    return order ? orderPage(c, order) : notFound(c);
  });

  app.post("/orders/:id/cancel", (c) => {
    const order = orderOn(c);
    if (!order) return notFound(c);
    const refusal = attempt(() => cancelOrder(c.env.store, order.id));
    flash(
      c.get("session"),
      refusal?.message ?? `Order ${order.id} is canceled.`,
      refusal ? "error" : "success",
    );
    return c.redirect(`/orders/${order.id}`);
  });

  app.post("/orders/:id/again", (c) => {
    const order = orderOn(c);
    if (!order) return notFound(c);
    const refusal = attempt(() => reorder(c.env.store, order.customerId, order.id));
    flash(c.get("session"), refusal?.message ?? "The items are in your cart.", refusal ? "error" : "success");
    return c.redirect("/cart");
  });

  app.get("/orders/:id/return", (c) => {
    const order = orderOn(c);
    return order ? returnForm(c, order, {}, null) : notFound(c);
  });

  app.post("/orders/:id/return", async (c) => {
    const order = orderOn(c);
    if (!order) return notFound(c);
    const field = await formOf(c);
    const form = { product: field("product"), reason: field("reason"), comment: field("comment") };
    const refusal = attempt(() =>
      openReturn(c.env.store, {
        orderId: order.id,
        productId: Number(form.product),
        reason: form.reason as ReturnReason,
        comment: form.comment,
      }),
    );
    if (refusal) return returnForm(c, order, form, refusal);
    flash(c.get("session"), "Your return is requested.");
    return c.redirect("/returns");
  });

  app.get("/returns", (c) => {
    const state = c.env.store;
    const mine = state.returns
      .filter((r) => orderById(state, r.orderId)?.customerId === c.get("session").user)
      .reverse();
    const shown = paginate(mine, Number(c.req.query("page")), 8);
    return show(
      c,
      "Returns",
      <>
        <Heading title="Your returns" />
        {shown.total === 0 ? (
          <Empty text="No returns." />
        ) : (
          <Table
            head={["Product", "Order", "Reason", "Status"]}
            rows={shown.items.map((r) => [
              productOf(state, r.productId).name,
              <a href={`/orders/${r.orderId}`}>Order {r.orderId}</a>,
              r.reason,
              <ReturnBadge status={r.status} />,
            ])}
          />
        )}
        <Pagination {...shown} href={(page) => `/returns?page=${page}`} />
      </>,
    );
  });
}

export function StatusBadge({ status }: { status: OrderStatus }) {
  const tone = ({ Pending: "warn", Delivered: "good", Canceled: "bad", Refunded: "bad" } as const)[
    status as "Pending"
  ];
  return <Badge tone={tone}>{status}</Badge>;
}

export function ReturnBadge({ status }: { status: Return["status"] }) {
  return (
    <Badge tone={({ Requested: "warn", Approved: "good", Rejected: "bad" } as const)[status]}>{status}</Badge>
  );
}

/** The order of the path, if it is the customer's own. */
function orderOn(c: StoreContext): Order | undefined {
  const order = orderById(c.env.store, Number(c.req.param("id")));
  return order?.customerId === c.get("session").user ? order : undefined;
}

function orderPage(c: StoreContext, order: Order) {
  const state = c.env.store;
  const deadline = returnDeadline(order);
  const returnable = whyNoReturn(state, order) === null;
  const cancelable = order.status === "Pending" || order.status === "Processing";
  return show(
    c,
    `Order ${order.id}`,
    <>
      <Heading title={`Order ${order.id}`}>
        {cancelable && (
          <Modal
            id="cancel"
            open="Cancel order"
            kind="danger"
            title={`Cancel order ${order.id}?`}
            cancel="Keep order"
          >
            <PostButton action={`/orders/${order.id}/cancel`} label="Yes, cancel order" kind="danger" />
          </Modal>
        )}
        {returnable && <ButtonLink href={`/orders/${order.id}/return`}>Return items</ButtonLink>}
        <PostButton action={`/orders/${order.id}/again`} label="Order again" />
      </Heading>
      <div class="cols">
        <Card>
          <Facts
            items={[
              ["Status", <StatusBadge status={order.status} />],
              ["Placed", day(order.placed)],
              ["Total", money(orderTotal(order))],
              ["Shipping", order.shipping],
              ["Payment", order.payment],
              ["Address", addressLine(order.address)],
              ...(order.tracking ? [["Tracking", order.tracking] as const] : []),
              ...(order.delivered ? [["Delivered", day(order.delivered)] as const] : []),
              ...(deadline && order.status === "Delivered"
                ? [[returnable ? "Return until" : "Return closed", day(deadline)] as const]
                : []),
            ]}
          />
        </Card>
        <Table
          head={["Product", "Quantity", "Price"]}
          numeric={[2]}
          rows={order.lines.map((line) => {
            const product = productOf(state, line.productId);
            return [
              product.enabled ? <a href={productPath(product)}>{product.name}</a> : product.name,
              line.quantity,
              money(line.price),
            ];
          })}
        />
      </div>
    </>,
  );
}

function returnForm(
  c: StoreContext,
  order: Order,
  form: { product?: string; reason?: string; comment?: string },
  refusal: Refusal | null,
) {
  const error = (name: string) => (refusal?.field === name ? refusal.message : undefined);
  const closed = whyNoReturn(c.env.store, order);
  if (closed)
    return show(
      c,
      "Return items",
      <Empty text={closed}>
        <ButtonLink href={`/orders/${order.id}`}>Back to order {order.id}</ButtonLink>
      </Empty>,
      { narrow: true },
    );
  return show(
    c,
    "Return items",
    <Card>
      <Heading title={`Return items of order ${order.id}`} />
      <p>You can return items within {RETURN_DAYS} days.</p>
      <form method="post">
        <Radios
          legend="Item"
          name="product"
          value={form.product}
          options={order.lines.map(
            (l) => [String(l.productId), productOf(c.env.store, l.productId).name] as const,
          )}
          error={error("product")}
        />
        <Field
          label="Reason"
          name="reason"
          type="select"
          value={form.reason}
          options={[["", "Choose"], ...RETURN_REASONS.map((r) => [r, r] as const)]}
          error={error("reason")}
        />
        <Field label="Comment" name="comment" value={form.comment} />
        <Button>Request return</Button>
      </form>
    </Card>,
    {
      narrow: true,
      error: refusal && refusal.field === null ? refusal.message : null,
      ...(refusal ? { status: 422 as const } : {}),
    },
  );
}
