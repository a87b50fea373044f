/** @file Sign-in, account, address book. */

import type { Hono } from "hono";
import {
  addAddress,
  changeAddress,
  deleteAddress,
  makeDefaultAddress,
  saveContact,
} from "../store/customers.ts";
import { addressLine } from "../store/format.ts";
import { customerOf } from "../store/queries.ts";
import type { Refusal } from "../store/refusal.ts";
import { attempt, checkCustomer, flash, formOf, type StoreContext, type StoreEnv } from "../store/session.ts";
import type { SavedAddress } from "../store/state.ts";
import { Badge, Button, ButtonLink, Card, Field, Heading, Modal, PostButton } from "../ui.tsx";
import { notFound, show } from "./context.tsx";

export function signInPages(app: Hono<StoreEnv>): void {
  app.get("/login", (c) => loginPage(c, "", null));

  app.post("/login", async (c) => {
    const field = await formOf(c);
    const customer = checkCustomer(c.env.store, field("email"), field("password"));
    if (customer === null) return loginPage(c, field("email"), "Email or password is wrong.");
    c.get("session").user = customer;
    const next = c.req.query("next") ?? "/account";
    flash(c.get("session"), `Signed in as ${customerOf(c.env.store, customer).name}.`);
    return c.redirect(/^\/(?!\/)/.test(next) ? next : "/account");
  });

  app.post("/logout", (c) => {
    c.get("session").user = null;
    flash(c.get("session"), "You are signed out.", "info");
    return c.redirect("/");
  });
}

/** For customers only: `app.ts` sends others to the login. */
export function accountPages(app: Hono<StoreEnv>): void {
  app.get("/account", (c) => accountPage(c, null));

  app.post("/account", async (c) => {
    const field = await formOf(c);
    const form = { email: field("email"), phone: field("phone"), newsletter: field("newsletter") === "on" };
    const refusal = attempt(() => saveContact(c.env.store, c.get("session").user!, form));
    if (refusal) return accountPage(c, { form, refusal });
    flash(c.get("session"), "Your account is saved.");
    return c.redirect("/account");
  });

  app.get("/account/addresses", (c) => addressesPage(c));
  app.get("/account/addresses/new", (c) => addressForm(c, null, {}, null));

  app.post("/account/addresses/new", async (c) => {
    const field = await formOf(c);
    const form = {
      label: field("label"),
      street: field("street"),
      city: field("city"),
      postcode: field("postcode"),
    };
    const refusal = attempt(() => addAddress(c.env.store, c.get("session").user!, form));
    if (refusal) return addressForm(c, null, form, refusal);
    flash(c.get("session"), `${form.label.trim()} address added.`);
    return c.redirect("/account/addresses");
  });

  app.get("/account/addresses/:id", (c) => {
    const address = addressOn(c);
    return address ? addressForm(c, address, address, null) : notFound(c);
  });

  app.post("/account/addresses/:id", async (c) => {
    const address = addressOn(c);
    if (!address) return notFound(c);
    const field = await formOf(c);
    const form = { street: field("street"), city: field("city"), postcode: field("postcode") };
    const refusal = attempt(() => changeAddress(c.env.store, c.get("session").user!, address.id, form));
    if (refusal) return addressForm(c, address, form, refusal);
    flash(c.get("session"), `${address.label} address saved.`);
    return c.redirect("/account/addresses");
  });

  app.post("/account/addresses/:id/:verb{delete|default}", (c) => {
    const address = addressOn(c);
    if (!address) return notFound(c);
    const remove = c.req.param("verb") === "delete";
    const act = remove ? deleteAddress : makeDefaultAddress;
    const refusal = attempt(() => act(c.env.store, c.get("session").user!, address.id));
    const done = remove ? `${address.label} address deleted.` : `${address.label} is the default address.`;
    flash(c.get("session"), refusal?.message ?? done, refusal ? "error" : "success");
    return c.redirect("/account/addresses");
  });
}

function loginPage(c: StoreContext, email: string, error: string | null) {
  return show(
    c,
    "Sign in",
    <Card>
      <Heading title="Sign in" />
      <form method="post">
        <Field label="Email" name="email" value={email} />
        <Field label="Password" name="password" type="password" />
        <Button>Sign in</Button>
      </form>
    </Card>,
    { narrow: true, error, ...(error ? { status: 422 as const } : {}) },
  );
}

interface ContactForm {
  email: string;
  phone: string;
  newsletter: boolean;
}

function accountPage(c: StoreContext, failed: { form: ContactForm; refusal: Refusal } | null) {
  const customer = customerOf(c.env.store, c.get("session").user!);
  const form = failed?.form ?? customer;
  const error = (name: string) => (failed?.refusal.field === name ? failed.refusal.message : undefined);
  return show(
    c,
    "Account",
    <>
      <Heading title={customer.name}>
        <ButtonLink href="/account/addresses">Addresses</ButtonLink>
        <ButtonLink href="/returns">Returns</ButtonLink>
        <PostButton action="/logout" label="Sign out" />
      </Heading>
      <Card>
        <form method="post">
          <Field label="Email" name="email" value={form.email} error={error("email")} />
          <Field label="Phone" name="phone" value={form.phone} error={error("phone")} />
          <Field label="Newsletter" name="newsletter" type="checkbox" checked={form.newsletter} />
          <Button>Save account</Button>
        </form>
      </Card>
    </>,
    { narrow: true, ...(failed ? { status: 422 as const } : {}) },
  );
}

function addressOn(c: StoreContext): SavedAddress | undefined {
  const id = Number(c.req.param("id"));
  return customerOf(c.env.store, c.get("session").user!).addresses.find((a) => a.id === id);
}

function addressesPage(c: StoreContext) {
  const { addresses } = customerOf(c.env.store, c.get("session").user!);
  return show(
    c,
    "Addresses",
    <>
      <Heading title="Your addresses">
        <ButtonLink href="/account/addresses/new" primary>
          Add address
        </ButtonLink>
      </Heading>
      {addresses.map((address, i) => (
        <Card>
          <p>
            <b>{address.label}</b> {i === 0 && <Badge tone="good">Default</Badge>}
          </p>
          <p>{addressLine(address)}</p>
          <div class="row">
            <ButtonLink href={`/account/addresses/${address.id}`} label={`Edit ${address.label}`}>
              Edit
            </ButtonLink>
            {i > 0 && (
              <PostButton
                action={`/account/addresses/${address.id}/default`}
                label={`Make ${address.label} default`}
                text="Make default"
              />
            )}
            {addresses.length > 1 && (
              <Modal
                id={`delete-${address.id}`}
                open={`Delete ${address.label}`}
                text="Delete"
                kind="danger"
                title={`Delete the ${address.label} address?`}
                cancel="Keep address"
              >
                <PostButton
                  action={`/account/addresses/${address.id}/delete`}
                  label="Delete address"
                  kind="danger"
                />
              </Modal>
            )}
          </div>
        </Card>
      ))}
    </>,
    { narrow: true },
  );
}

function addressForm(
  c: StoreContext,
  existing: SavedAddress | null,
  form: { label?: string; street?: string; city?: string; postcode?: string },
  refusal: Refusal | null,
) {
  const error = (name: string) => (refusal?.field === name ? refusal.message : undefined);
  const title = existing ? `Edit ${existing.label} address` : "New address";
  return show(
    c,
    title,
    <Card>
      <Heading title={title} />
      <form method="post">
        {!existing && <Field label="Name" name="label" value={form.label} error={error("label")} />}
        <Field label="Street" name="street" value={form.street} error={error("street")} />
        <Field label="City" name="city" value={form.city} error={error("city")} />
        <Field label="Postcode" name="postcode" value={form.postcode} error={error("postcode")} />
        <Button>Save address</Button>
      </form>
    </Card>,
    { narrow: true, ...(refusal ? { status: 422 as const } : {}) },
  );
}
