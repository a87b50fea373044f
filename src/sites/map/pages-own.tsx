/** @file What belongs to a signed-in person: saved lists, suggested edits, the account. */

import type { Hono } from "hono";
import { setCookie } from "hono/cookie";
import { fields, type Ctx, type Env } from "../kit.tsx";
import { Button, ButtonLink, Card, Empty, Field, Heading, Modal, PostButton, Table } from "../ui.tsx";
import { COOKIE, accounts, flash, notFound, page, signInFirst, stateOf, userOf } from "./context.tsx";
import {
  FIELDS,
  addReview,
  createList,
  deleteList,
  listOf,
  listsOf,
  placeOf,
  removePlace,
  renameList,
  savePlace,
  suggestEdit,
  townOf,
} from "./domain.ts";
import type { MapState } from "./state.ts";

/** Tokens are counted, not random: each world is private to its episode, and equal episodes stay equal. */
export function openSession(state: MapState, user: string): string {
  const token = `map-${user}-${Object.keys(state.sessions).length + 1}`;
  state.sessions[token] = { user };
  return token;
}

export function ownPages(app: Hono<Env>): void {
  app.get("/login", (c) => loginPage(c));
  app.post("/login", async (c) => {
    const values = await fields(c);
    const user = accounts.checkPassword(c, values["user"], values["password"]);
    if (!user) return loginPage(c, values["user"], "User name or password is wrong");
    setCookie(c, COOKIE, openSession(stateOf(c), user.name), { path: "/", httpOnly: true });
    const next = c.req.query("next") ?? "/lists";
    // Only a path of this site: `//host` would lead elsewhere.
    return c.redirect(/^\/(?!\/)/.test(next) ? next : "/lists", 303);
  });
  app.get("/logout", (c) => {
    accounts.signOut(c);
    return c.redirect("/");
  });

  app.get("/lists", (c) => signInFirst(c) ?? listsPage(c));
  app.post("/lists", async (c) => {
    const user = userOf(c);
    if (!user) return c.redirect("/login");
    const { name = "" } = await fields(c);
    if (!name) return listsPage(c, "Enter a name");
    if (listsOf(stateOf(c), user.name).some((list) => list.name.toLowerCase() === name.toLowerCase()))
      return listsPage(c, "You already have a list of this name", name);
    createList(c.env.world, user.name, name);
    flash(c, `The list ${name} has been created.`);
    return c.redirect("/lists", 303);
  });
  app.get("/lists/:id", (c) => signInFirst(c) ?? listPage(c));
  app.post("/lists/:id/rename", (c) =>
    onList(c, async (id) => {
      const { name = "" } = await fields(c);
      if (!name) flash(c, "Enter a name for the list.", "error");
      else {
        renameList(c.env.world, id, name);
        flash(c, `The list is now called ${name}.`);
      }
      return c.redirect(`/lists/${id}`, 303);
    }),
  );
  app.post("/lists/:id/delete", (c) =>
    onList(c, async (id) => {
      deleteList(c.env.world, id);
      flash(c, "The list has been deleted.");
      return c.redirect("/lists", 303);
    }),
  );
  app.post("/lists/:id/remove", (c) =>
    onList(c, async (id) => {
      const { place = "" } = await fields(c);
      removePlace(c.env.world, id, place);
      flash(c, "The place has been removed from the list.");
      return c.redirect(`/lists/${id}`, 303);
    }),
  );
  app.post("/places/:slug/save", async (c) => {
    const place = placeOf(stateOf(c), c.req.param("slug"));
    const user = userOf(c);
    const { list: id = "" } = await fields(c);
    const list = user && listOf(stateOf(c), Number(id), user.name);
    if (!place || !list) return notFound(c);
    savePlace(c.env.world, list.id, place.slug);
    flash(c, `${place.name} is in your list ${list.name}.`);
    return c.redirect(`/places/${place.slug}`, 303);
  });

  app.get("/places/:slug/review", (c) => signInFirst(c) ?? reviewPage(c));
  app.post("/places/:slug/review", async (c) => {
    const place = placeOf(stateOf(c), c.req.param("slug"));
    const user = userOf(c);
    if (!place) return notFound(c);
    if (!user) return c.redirect("/login");
    const values = await fields(c);
    const errors: Record<string, string> = {};
    if (!/^[1-5]$/.test(values["stars"] ?? "")) errors["stars"] = "Choose how many stars";
    if (!values["text"]) errors["text"] = "Write a few words";
    if (Object.keys(errors).length > 0) return reviewPage(c, errors, values);
    const review = { author: user.fullName, stars: Number(values["stars"]), text: values["text"]! };
    addReview(c.env.world, place.slug, review);
    flash(c, "Your review has been posted.");
    return c.redirect(`/places/${place.slug}/reviews`, 303);
  });

  app.get("/places/:slug/edit", (c) => signInFirst(c) ?? editPage(c));
  app.post("/places/:slug/edit", async (c) => {
    const place = placeOf(stateOf(c), c.req.param("slug"));
    const user = userOf(c);
    if (!place) return notFound(c);
    if (!user) return c.redirect("/login");
    const values = await fields(c);
    const field = FIELDS.find((name) => name === values["field"]);
    if (!field) return editPage(c, { field: "Choose what is wrong" }, values);
    if (!values["value"] && field !== "Permanently closed")
      return editPage(c, { value: "Enter what is right" }, values);
    suggestEdit(c.env.world, { place: place.slug, author: user.name, field, value: values["value"] ?? "" });
    flash(c, "Thank you. Your suggestion will be checked.");
    return c.redirect(`/places/${place.slug}`, 303);
  });
}

/** Runs `then` if the list is the signed-in person's. */
async function onList(c: Ctx, then: (id: number) => Promise<Response>): Promise<Response> {
  const user = userOf(c);
  const list = user && listOf(stateOf(c), Number(c.req.param("id")), user.name);
  return list ? then(list.id) : notFound(c);
}

function loginPage(c: Ctx, user = "", error?: string) {
  return page(
    c,
    "Sign in",
    <Card title="Sign in">
      <form method="post">
        <Field label="User name" name="user" value={user} error={error} />
        <Field label="Password" name="password" type="password" />
        <Button label="Sign in to your account">Sign in</Button>
      </form>
    </Card>,
    { narrow: true, status: error ? 422 : 200 },
  );
}

function listsPage(c: Ctx, error?: string, name = "") {
  const user = userOf(c)!;
  const lists = listsOf(stateOf(c), user.name);
  return page(
    c,
    "Saved lists",
    <>
      <Heading title="Saved lists" />
      <p class="muted">{`Signed in as ${user.fullName}`}</p>
      {lists.length === 0 ? (
        <Empty text="You have no lists yet." />
      ) : (
        <Table
          head={["List", "Places"]}
          numeric={[1]}
          rows={lists.map((list) => [
            <a href={`/lists/${list.id}`}>{list.name}</a>,
            String(list.places.length),
          ])}
        />
      )}
      <form class="card row end" method="post" action="/lists">
        <Field label="New list" name="name" value={name} error={error} />
        <Button>Create list</Button>
      </form>
    </>,
    { narrow: true, status: error ? 422 : 200 },
  );
}

function listPage(c: Ctx) {
  const list = listOf(stateOf(c), Number(c.req.param("id")), userOf(c)!.name);
  if (!list) return notFound(c);
  const places = list.places.flatMap((slug) => placeOf(stateOf(c), slug) ?? []);
  const base = `/lists/${list.id}`;
  return page(
    c,
    list.name,
    <>
      <Heading title={list.name}>
        <Modal id="delete" open="Delete list" kind="danger" title={`Delete ${list.name}?`} cancel="Keep it">
          <PostButton action={`${base}/delete`} label="Yes, delete it" kind="danger" />
        </Modal>
        <ButtonLink href="/lists">All lists</ButtonLink>
      </Heading>
      {places.length === 0 ? (
        <Empty text="This list is empty." />
      ) : (
        <Table
          head={["Place", "Category", "Town", ""]}
          rows={places.map((place) => [
            <a href={`/places/${place.slug}`}>{place.name}</a>,
            place.category,
            townOf(place.town).name,
            <PostButton
              action={`${base}/remove`}
              label={`Remove ${place.name}`}
              text="Remove"
              fields={{ place: place.slug }}
            />,
          ])}
        />
      )}
      <form class="card row end" method="post" action={`${base}/rename`}>
        <Field label="List name" name="name" value={list.name} />
        <Button>Rename list</Button>
      </form>
    </>,
    { narrow: true },
  );
}

function editPage(c: Ctx, errors: Record<string, string> = {}, values: Record<string, string> = {}) {
  const place = placeOf(stateOf(c), c.req.param("slug")!);
  if (!place) return notFound(c);
  return page(
    c,
    `Suggest an edit to ${place.name}`,
    <>
      <Heading title={`Suggest an edit to ${place.name}`} />
      <form class="card" method="post" action={`/places/${place.slug}/edit`}>
        <Field
          label="What is wrong"
          name="field"
          type="select"
          value={values["field"]}
          error={errors["field"]}
          options={[["", "Choose"], ...FIELDS.map((name) => [name, name] as const)]}
        />
        <Field label="What is right" name="value" value={values["value"]} error={errors["value"]} />
        <div class="row">
          <Button>Send suggestion</Button>
          <ButtonLink href={`/places/${place.slug}`}>Cancel</ButtonLink>
        </div>
      </form>
    </>,
    { narrow: true, status: Object.keys(errors).length > 0 ? 422 : 200 },
  );
}

function reviewPage(c: Ctx, errors: Record<string, string> = {}, values: Record<string, string> = {}) {
  const place = placeOf(stateOf(c), c.req.param("slug")!);
  if (!place) return notFound(c);
  const stars = ["5 stars", "4 stars", "3 stars", "2 stars", "1 star"].map(
    (text, i) => [String(5 - i), text] as const,
  );
  return page(
    c,
    `Review ${place.name}`,
    <>
      <Heading title={`Review ${place.name}`} />
      <form class="card" method="post" action={`/places/${place.slug}/review`}>
        <Field
          label="Stars"
          name="stars"
          type="select"
          value={values["stars"]}
          error={errors["stars"]}
          options={[["", "Choose"], ...stars]}
        />
        <Field
          label="Your review"
          name="text"
          type="textarea"
          value={values["text"]}
          error={errors["text"]}
        />
        <Button>Post review</Button>
      </form>
    </>,
    { narrow: true, status: Object.keys(errors).length > 0 ? 422 : 200 },
  );
}
