/** @file Finding: home, search, places, nearby, towns, directions. */

import type { Hono } from "hono";
import type { Ctx, Env } from "../kit.tsx";
import {
  Badge,
  Button,
  ButtonLink,
  Card,
  Empty,
  Facts,
  Field,
  Heading,
  Pagination,
  Table,
  paginate,
  withQuery,
} from "../ui.tsx";
import { PER_PAGE, notFound, page, stateOf, userOf } from "./context.tsx";
import {
  CATEGORIES,
  SORTS,
  coordinates,
  directions,
  duration,
  hours,
  km,
  listsOf,
  nearby,
  findPlace,
  placeOf,
  ratingOf,
  resolvePlace,
  searchPlaces,
  townDistanceKm,
  townOf,
} from "./domain.ts";
import type { SortName } from "./domain.ts";
import { dataUrl, drawAround, drawRegion } from "./draw.ts";
import { TOWNS } from "./gazetteer.ts";
import { MODES } from "./roads.ts";
import type { Mode } from "./roads.ts";
import type { Place } from "./state.ts";

const MODE_TEXT: Record<Mode, string> = { walk: "Walk", bike: "Bike", drive: "Drive" };
const RADII = ["0.5", "1", "2", "5"] as const;

export function findingPages(app: Hono<Env>): void {
  app.get("/", (c) =>
    page(
      c,
      "Home",
      <div class="cols">
        <img class="drawing" alt="" src={(REGION ??= dataUrl(drawRegion()))} />
        <div>
          <Heading title="Find a place" />
          <div class="kinds">
            {CATEGORIES.map((category) => (
              <a href={withQuery("/search", { category })}>{category}</a>
            ))}
          </div>
        </div>
      </div>,
    ),
  );

  app.get("/suggest", (c) => {
    const text = c.req.query("q") ?? "";
    const found = searchPlaces(stateOf(c), { text }).slice(0, 4);
    return c.json(found.map((place) => ({ label: place.name, href: `/places/${place.slug}` })));
  });

  app.get("/search", searchPage);
  app.get("/places/:slug", placePage);
  app.get("/places/:slug/reviews", reviewsPage);
  app.get("/places/:slug/nearby", nearbyPage);
  app.get("/directions", directionsPage);

  app.get("/towns", (c) =>
    page(
      c,
      "Towns",
      <>
        <Heading title="Towns" />
        <Table
          head={["Town", "Population"]}
          numeric={[1]}
          rows={TOWNS.map((town) => [
            <a href={`/towns/${town.slug}`}>{town.name}</a>,
            people(town.population),
          ])}
        />
      </>,
      { narrow: true },
    ),
  );
  app.get("/towns/:slug", (c) => {
    const town = TOWNS.find((candidate) => candidate.slug === c.req.param("slug"));
    if (!town) return notFound(c);
    const places = stateOf(c).places.filter((place) => place.town === town.slug);
    return page(
      c,
      town.name,
      <>
        <Heading title={town.name}>
          <ButtonLink href={`/towns/${town.slug}/distances`}>Distances</ButtonLink>
          <ButtonLink href={withQuery("/search", { town: town.slug })}>All places</ButtonLink>
        </Heading>
        <div class="cols">
          <Card>
            <p>{town.about}</p>
            <Facts
              items={[
                ["Population", people(town.population)],
                ["Places", String(places.length)],
                ["Coordinates", coordinates(town)],
              ]}
            />
          </Card>
          <img class="drawing" alt="" src={dataUrl(drawAround([town]))} />
        </div>
      </>,
    );
  });
  app.get("/towns/:slug/distances", (c) => {
    const town = TOWNS.find((candidate) => candidate.slug === c.req.param("slug"));
    if (!town) return notFound(c);
    const rows = TOWNS.filter((other) => other !== town).map((other) => [
      other.name,
      km(townDistanceKm(stateOf(c), town, other)),
      duration(
        directions(
          findPlace(stateOf(c), `${town.name} Station`),
          findPlace(stateOf(c), `${other.name} Station`),
          "drive",
        ).minutes,
      ),
    ]);
    return page(
      c,
      `Distances from ${town.name}`,
      <>
        <Heading title={`By car from ${town.name}`} />
        <Table head={["To", "Distance", "Time"]} numeric={[1, 2]} rows={rows} />
      </>,
      { narrow: true },
    );
  });
}

let REGION: string | undefined;

const people = (n: number) => n.toLocaleString("en-US");

function searchPage(c: Ctx) {
  const query = c.req.query();
  const { q = "", category = "", town = "" } = query;
  const sort = SORTS.find((name) => name === query["sort"]) ?? "Relevance";
  const found = searchPlaces(stateOf(c), { text: q, category, town, sort });
  const list = paginate(found, Number(query["page"]), PER_PAGE);
  return page(
    c,
    "Search",
    <>
      <Heading title={q ? `Places for "${q}"` : "Places"} />
      <form class="card row end" method="get" action="/search">
        {q && <input type="hidden" name="q" value={q} />}
        <Field
          label="Category"
          name="category"
          type="select"
          value={category}
          options={[["", "Any"], ...CATEGORIES]}
        />
        <Field
          label="Town"
          name="town"
          type="select"
          value={town}
          options={[["", "Any"], ...TOWNS.map((t) => [t.slug, t.name] as const)]}
        />
        <Field label="Sort by" name="sort" type="select" value={sort satisfies SortName} options={SORTS} />
        <Button>Apply</Button>
      </form>
      {found.length === 0 ? (
        <Empty text="No places match." />
      ) : (
        <>
          <Table
            head={["Place", "Category", "Town", "Rating", "Reviews"]}
            numeric={[3, 4]}
            rows={list.items.map((place) => [
              <a href={`/places/${place.slug}`}>{place.name}</a>,
              place.category,
              townOf(place.town).name,
              ratingOf(place),
              String(place.ratings.count),
            ])}
          />
          <Pagination {...list} href={(n) => withQuery("/search", query, { page: n })} />
        </>
      )}
    </>,
    { q },
  );
}

function placePage(c: Ctx) {
  const place = placeOf(stateOf(c), c.req.param("slug")!);
  if (!place) return notFound(c);
  const user = userOf(c);
  const base = `/places/${place.slug}`;
  const open: [string, string][] = place.hours
    ? [
        ["Monday to Friday", hours(place.hours.weekdays)],
        ["Saturday", hours(place.hours.saturday)],
        ["Sunday", hours(place.hours.sunday)],
      ]
    : [["Opening hours", "Always open"]];
  return page(
    c,
    place.name,
    <>
      <Heading title={place.name}>
        <ButtonLink primary href={withQuery("/directions", { to: place.name })}>
          Directions here
        </ButtonLink>
        <ButtonLink href={`${base}/nearby`}>Nearby places</ButtonLink>
        <ButtonLink href={`${base}/reviews`}>Reviews</ButtonLink>
        <ButtonLink href={`${base}/edit`}>Suggest an edit</ButtonLink>
      </Heading>
      <div class="cols">
        <div>
          <Card>
            <Facts
              items={[
                ["Category", place.category],
                ["Address", place.address],
                ["Phone", place.phone],
                ...open,
                ["Rating", `${ratingOf(place)} of 5, ${place.ratings.count} reviews`],
                ["Features", place.features.join(", ")],
                ["Coordinates", coordinates(place)],
              ]}
            />
          </Card>
          {user && (
            <form class="row end" method="post" action={`${base}/save`}>
              <Field
                label="List"
                name="list"
                type="select"
                options={listsOf(stateOf(c), user.name).map((list) => [String(list.id), list.name] as const)}
              />
              <Button>Save place</Button>
            </form>
          )}
        </div>
        <img class="drawing" alt="" src={dataUrl(drawAround([place], { marker: place }))} />
      </div>
    </>,
  );
}

function reviewsPage(c: Ctx) {
  const place = placeOf(stateOf(c), c.req.param("slug")!);
  if (!place) return notFound(c);
  return page(
    c,
    `Reviews of ${place.name}`,
    <>
      <Heading title={`Reviews of ${place.name}`}>
        {userOf(c) && <ButtonLink href={`/places/${place.slug}/review`}>Write a review</ButtonLink>}
        <ButtonLink href={`/places/${place.slug}`}>Back to the place</ButtonLink>
      </Heading>
      {place.reviews.length === 0 && <Empty text="Nobody has written about this place yet." />}
      {place.reviews.map((review) => (
        <Card>
          <p>
            <b>{review.author}</b> <Badge>{`${review.stars} of 5 stars`}</Badge>{" "}
            <span class="muted">{review.date}</span>
          </p>
          <p>{review.text}</p>
        </Card>
      ))}
    </>,
    { narrow: true },
  );
}

function nearbyPage(c: Ctx) {
  const place = placeOf(stateOf(c), c.req.param("slug")!);
  if (!place) return notFound(c);
  const { category = "", within = "1" } = c.req.query();
  const radius = RADII.find((r) => r === within) ?? "1";
  const found = nearby(stateOf(c), place, { category, withinKm: Number(radius) });
  const list = paginate(found, Number(c.req.query("page")), PER_PAGE);
  return page(
    c,
    `Near ${place.name}`,
    <>
      <Heading title={`Near ${place.name}`}>
        <ButtonLink href={`/places/${place.slug}`}>Back to the place</ButtonLink>
      </Heading>
      <form class="card row end" method="get">
        <Field
          label="Category"
          name="category"
          type="select"
          value={category}
          options={[["", "Any"], ...CATEGORIES]}
        />
        <Field
          label="Within"
          name="within"
          type="select"
          value={radius}
          options={RADII.map((r) => [r, `${r} km`] as const)}
        />
        <Button>Apply</Button>
      </form>
      {found.length === 0 ? (
        <Empty text="Nothing of this kind within walking distance." />
      ) : (
        <>
          <Table
            head={["Place", "Category", "Walk"]}
            numeric={[2]}
            rows={list.items.map((near) => [
              <a href={`/places/${near.place.slug}`}>{near.place.name}</a>,
              near.place.category,
              `${near.km.toFixed(2)} km`,
            ])}
          />
          <Pagination {...list} href={(n) => withQuery(c.req.path, c.req.query(), { page: n })} />
        </>
      )}
    </>,
    { narrow: true },
  );
}

function directionsPage(c: Ctx) {
  const { from = "", to = "" } = c.req.query();
  const mode = MODES.find((m) => m === c.req.query("mode")) ?? "drive";
  const asked = c.req.query("mode") !== undefined;
  const [start, goal] = [from, to].map((text) => resolvePlace(stateOf(c), text)) as [
    Place | string,
    Place | string,
  ];
  const errorOf = (found: Place | string) => (asked && typeof found === "string" ? found : undefined);
  const same = asked && typeof start !== "string" && start === goal;
  const route =
    asked && !same && typeof start !== "string" && typeof goal !== "string"
      ? directions(start, goal, mode)
      : null;
  return page(
    c,
    "Directions",
    <>
      <Heading title="Directions" />
      <form class="card row end" method="get" action="/directions">
        <Field label="From" name="from" value={from} error={errorOf(start)} />
        <Field
          label="To"
          name="to"
          value={to}
          error={same ? "Start and destination are the same" : errorOf(goal)}
        />
        <Field
          label="Mode"
          name="mode"
          type="select"
          value={mode}
          options={MODES.map((m) => [m, MODE_TEXT[m]] as const)}
        />
        <Button>Get directions</Button>
      </form>
      {route && (
        <div class="cols">
          <Card>
            <p class="total">{`${km(route.km)}, ${duration(route.minutes)}`}</p>
            <ol class="steps">
              {route.steps.map((step) => (
                <li>{step.km > 0 ? `${step.instruction} for ${step.km.toFixed(2)} km` : step.instruction}</li>
              ))}
            </ol>
          </Card>
          <img class="drawing" alt="" src={dataUrl(drawAround(route.line, { line: route.line }))} />
        </div>
      )}
    </>,
  );
}
