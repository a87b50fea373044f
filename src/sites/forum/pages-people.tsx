/** @file People: profiles, members, settings, signing in and out. */

import type { Hono } from "hono";
import { shortDay } from "../dates.ts";
import { signInPages, countNoun, fields, type Ctx, type Env } from "../kit.tsx";
import {
  Button,
  ButtonLink,
  Card,
  Empty,
  Facts,
  Field,
  Heading,
  Pagination,
  paginate,
  Table,
  Tabs,
  withQuery,
} from "../ui.tsx";
import { accounts, COOKIE, currentUser, flash, notFound, page, PER_PAGE, state } from "./context.tsx";
import {
  boardOf,
  editProfile,
  openSession,
  setPreferences,
  sortPosts,
  listStanding,
  userOf,
} from "./domain.ts";
import type { Sort, User } from "./state.ts";

export function peoplePages(app: Hono<Env>): void {
  app.get("/u/:name", (c) => {
    const user = userOf(state(c), c.req.param("name"));
    return user ? profilePage(c, user) : notFound(c, "There is no such member");
  });

  app.get("/members", (c) => {
    const q = (c.req.query("q") ?? "").trim();
    const sort = c.req.query("sort") ?? "name";
    const found = state(c).users.filter((u) =>
      `${u.name} ${u.fullName} ${u.city}`.toLowerCase().includes(q.toLowerCase()),
    );
    if (sort === "karma") found.sort((a, b) => b.karma - a.karma);
    else if (sort === "joined") found.sort((a, b) => b.joined.localeCompare(a.joined));
    else found.sort((a, b) => a.name.localeCompare(b.name));
    const shown = paginate(found, Number(c.req.query("page") ?? 1), PER_PAGE);
    const posts = listStanding(state(c));
    return page(
      c,
      "Members",
      <>
        <Heading title={countNoun(found.length, "member")}>
          <form class="row" method="get" action="/members">
            <input name="q" aria-label="Find member" placeholder="Name or city" value={q} />
            <select name="sort" aria-label="Sort by">
              {[
                ["name", "Name"],
                ["karma", "Most karma"],
                ["joined", "Newest member"],
              ].map(([value, text]) => (
                <option value={value} selected={value === sort}>
                  {text}
                </option>
              ))}
            </select>
            <Button>Apply</Button>
          </form>
        </Heading>
        {found.length === 0 ? (
          <Empty text={`No member matches ${q}`} />
        ) : (
          <Table
            wide
            head={[
              "Member",
              "Name",
              "City",
              "Karma",
              "Joined",
              "Posts",
              "Comments",
              "Moderates",
              "Subscriptions",
              "Front page",
            ]}
            rows={shown.items.map((u) => [
              <a href={`/u/${u.name}`}>{u.name}</a>,
              u.fullName,
              u.city,
              u.karma,
              shortDay(u.joined),
              posts.filter((p) => p.author === u.name).length,
              state(c).comments.filter((item) => item.author === u.name).length,
              boardNames(c, u.moderates),
              boardNames(c, u.subscriptions),
              u.sort,
            ])}
          />
        )}
        <Pagination {...shown} href={(n) => withQuery("/members", { q, sort }, { page: n })} />
      </>,
    );
  });

  app.get("/settings", (c) => {
    const user = currentUser(c);
    return user ? settingsPage(c, user) : c.redirect("/login");
  });

  app.post("/settings/profile", async (c) => {
    const user = currentUser(c);
    if (!user) return c.redirect("/login");
    const { bio = "", city = "" } = await fields(c);
    if (bio.length > 160) return settingsPage(c, { ...user, bio, city }, "At most 160 characters");
    editProfile(c.env.world, user.name, { bio, city });
    flash(c, "Profile saved");
    return c.redirect(`/u/${user.name}`);
  });

  app.post("/settings/preferences", async (c) => {
    const user = currentUser(c);
    if (!user) return c.redirect("/login");
    const form = await fields(c);
    setPreferences(c.env.world, user.name, {
      sort: (["hot", "new", "top"] as const).find((s) => s === form.sort) ?? user.sort,
      emailReplies: form.emailReplies === "on",
      showOnline: form.showOnline === "on",
    });
    flash(c, "Preferences saved");
    return c.redirect("/settings");
  });

  signInPages(app, {
    cookie: COOKIE,
    openSession: (c, user) => openSession(state(c), user),
    accounts,
    page,
  });
}

const boardNames = (c: Ctx, slugs: string[]) =>
  slugs.map((slug) => boardOf(state(c), slug)?.title).join(", ");

function profilePage(c: Ctx, user: User) {
  const own = currentUser(c)?.name === user.name;
  const posts = sortPosts(
    listStanding(state(c)).filter((p) => p.author === user.name),
    "new",
    c.env.world.now,
  ).slice(0, PER_PAGE);
  const comments = state(c)
    .comments.filter((item) => item.author === user.name)
    .slice(-PER_PAGE)
    .reverse();
  return page(
    c,
    user.name,
    <>
      <Heading title={user.name}>
        {own ? (
          <ButtonLink href="/settings">Edit settings</ButtonLink>
        ) : (
          <ButtonLink href={`/messages/new?to=${user.name}`} primary>{`Message ${user.name}`}</ButtonLink>
        )}
      </Heading>
      <Card>
        <Facts
          items={[
            ["Name", user.fullName],
            ["City", user.city],
            ["Bio", user.bio],
            ["Joined", shortDay(user.joined)],
            ["Karma", user.karma],
            ["Moderates", boardNames(c, user.moderates) || "no board"],
          ]}
        />
      </Card>
      <Tabs
        tabs={[
          {
            id: "posts",
            label: "Posts",
            content:
              posts.length === 0 ? (
                <Empty text="No posts yet" />
              ) : (
                <Table
                  head={["Post", "Points", "Date"]}
                  numeric={[1]}
                  rows={posts.map((p) => [<a href={`/p/${p.id}`}>{p.title}</a>, p.score, shortDay(p.at)])}
                />
              ),
          },
          {
            id: "comments",
            label: "Comments",
            content:
              comments.length === 0 ? (
                <Empty text="No comments yet" />
              ) : (
                <Table head={["Comment", "Points"]} rows={comments.map((item) => [item.text, item.score])} />
              ),
          },
          {
            id: "boards",
            label: "Subscriptions",
            content: <p>{boardNames(c, user.subscriptions) || "None"}</p>,
          },
        ]}
      />
    </>,
  );
}

function settingsPage(c: Ctx, user: User, error?: string) {
  return page(
    c,
    "Settings",
    <>
      <Heading title="Settings" />
      <div class="cols">
        <form method="post" action="/settings/profile" class="card">
          <h2>Profile</h2>
          <Field label="Bio" name="bio" type="textarea" rows={2} value={user.bio} error={error} />
          <Field label="City" name="city" value={user.city} />
          <Button>Save profile</Button>
        </form>
        <form method="post" action="/settings/preferences" class="card">
          <h2>Preferences</h2>
          <Field
            label="Front page sort"
            name="sort"
            type="select"
            value={user.sort}
            options={
              [
                ["hot", "Hot"],
                ["new", "New"],
                ["top", "Top"],
              ] satisfies [Sort, string][]
            }
          />
          <Field label="Email me replies" name="emailReplies" type="checkbox" checked={user.emailReplies} />
          <Field label="Show when online" name="showOnline" type="checkbox" checked={user.showOnline} />
          <Button>Save preferences</Button>
        </form>
      </div>
    </>,
  );
}
