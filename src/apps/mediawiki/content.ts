/** @file What the wiki holds after a reset: the handbook of a made-up tram and ferry company. */

export const SITE_NAME = "Lowmere handbook";

export const USERS = [
  { name: "Orla Winter", password: "quiet-harbour-41", groups: ["sysop", "bureaucrat"] },
  { name: "Mira Holt", password: "seven-lanterns-08", groups: [] },
  { name: "Teo Brandt", password: "copper-kettle-73", groups: [] },
  { name: "Ines Calder", password: "paper-tulip-26", groups: [] },
  { name: "Gull77", password: "salted-chips-77", groups: [] },
] as const;
export type UserName = (typeof USERS)[number]["name"];
export const VANDAL: UserName = "Gull77";

/** All versions of a page, oldest first. */
export interface History {
  title: string;
  revisions: { by: UserName; summary: string; text: string }[];
}

const STAFF: [name: string, desk: string, room: string, role: string, firstAid: boolean][] = [
  ["Nora Fenwick", "4102", "B12", "stop lead", true],
  ["Pavel Strand", "4117", "B14", "stop lead", false],
  ["Quinn Abara", "4123", "B15", "stop lead", true],
  ["Rosa Thiel", "4136", "C03", "depot manager", false],
  ["Sami Lorne", "4148", "C07", "ferry master", true],
  ["Tilda Varga", "4151", "A21", "timetable planner", false],
  ["Umar Keel", "4164", "A22", "ticket officer", true],
  ["Vera Lindgard", "4179", "D01", "safety officer", true],
];

const STOPS: [name: string, opened: string, zone: string, platforms: number, lead: number, free: boolean][] =
  [
    ["Amber Quay", "1931", "2", 3, 0, true],
    ["Birchgate", "1948", "1", 2, 1, false],
    ["Coopers Lock", "1926", "3", 2, 2, false],
    ["Dovecote Hill", "1957", "4", 1, 0, true],
    ["Elm Street", "1919", "1", 4, 1, true],
    ["Foundry Cross", "1922", "1", 5, 2, false],
    ["Glasshouse", "1989", "3", 2, 0, true],
    ["Harbour Mouth", "1934", "2", 2, 1, false],
    ["Ivy Terrace", "1963", "4", 1, 2, false],
    ["Juniper Park", "2004", "3", 2, 0, true],
    ["Kiln Lane", "1951", "2", 1, 1, false],
    ["Lantern Square", "1908", "1", 6, 2, true],
  ];

const TRAMS: [number: number, built: string, depot: string, seats: number, paint: string][] = [
  [101, "1998", "Northyard", 64, "cream"],
  [104, "1998", "Saltworks", 64, "green"],
  [112, "2006", "Northyard", 72, "blue"],
  [118, "2006", "Saltworks", 70, "red"],
  [125, "2013", "Millpond", 88, "cream"],
  [127, "2013", "Northyard", 86, "yellow"],
  [131, "2021", "Millpond", 92, "green"],
  [136, "2021", "Saltworks", 94, "blue"],
];

const PROCEDURES: [title: string, intro: string, ...sections: [head: string, text: string][]][] = [
  [
    "Fog service",
    "In fog the ferries keep to a timetable of their own. The ferry master decides when it begins.",
    [
      "Before departure",
      "Sound the horn twice and wait for one minute. Both lamps at the bow are lit, whatever the hour. A deckhand stands at the bow from the first rope to the last one.",
    ],
    [
      "On the water",
      "Keep to four knots between the red buoys. The radio stays on channel eleven, and the mate repeats every message. Nobody leaves the wheelhouse without relief.",
    ],
    [
      "Afterwards",
      "Write the delay into the log in whole minutes. The day clerk reads the log at seven in the evening and tells the stops.",
    ],
  ],
  [
    "Lost property",
    "What passengers leave behind is kept for them, whatever it is worth.",
    [
      "At the end of a turn",
      "Walk through the whole tram and look below the seats. Put each thing into a bag of its own and write the number of the tram on the label.",
    ],
    [
      "In the office",
      "Things are kept for ninety days on the shelf of their month. Purses are opened by two people, who sign the slip. Food is thrown away on the same evening.",
    ],
    [
      "Handing out",
      "Ask for a description before you show anything. The owner signs the book, and pays two marks for a thing that had to be posted.",
    ],
  ],
  [
    "Ticket checks",
    "Tickets are checked politely, at all hours, and never by one person alone.",
    [
      "On board",
      "Begin at the rear door. Show your badge before you ask. Children under seven need no ticket, and dogs need one only on ferries.",
    ],
    [
      "Without a ticket",
      "The fare is thirty marks at once or forty by post. Whoever has forgotten a yearly ticket brings it within ten days and pays three marks.",
    ],
    [
      "Disputes",
      "Do not argue. Write down the place, the time and the number of the tram, and give a copy to the passenger.",
    ],
  ],
  [
    "Snow clearing",
    "Snow is cleared from the stops before the first tram, by the teams of the depots.",
    [
      "Order of stops",
      "Stops in zone 1 come first, then those with a ramp, then all others. A stop without lights is cleared after sunrise.",
    ],
    [
      "Salt and grit",
      "Use grit on wood and salt on stone. One bucket is enough for a platform. The boxes are filled again every Wednesday.",
    ],
    [
      "Reporting",
      "Call the control room when a stop is clear. A platform that stays closed gets a red board at both ends.",
    ],
  ],
  [
    "Power failure",
    "When the wire is dead, passengers come first and the timetable last.",
    [
      "In the tram",
      "Lower the pole and switch on the battery lights. Tell passengers what you know after two minutes, and again every ten minutes.",
    ],
    [
      "Leaving the tram",
      "Open the doors on the side of the pavement only. Help down whoever asks for it. The driver leaves last and locks the cabin.",
    ],
    [
      "When it is back",
      "Wait for the word of the control room. Start one tram at a time, with half a minute between them.",
    ],
  ],
  [
    "Visitors in the depot",
    "Guests are welcome in the depots on working days, with a host.",
    [
      "At the gate",
      "Every guest signs the list and gets a yellow vest. Groups of more than twelve come in two parts.",
    ],
    [
      "In the halls",
      "Stay behind the white line while anything moves. Photographs are allowed, but not of the notice boards.",
    ],
    ["Leaving", "Vests are counted at the gate. The host signs the list again and locks the small door."],
  ],
];

/** The question on each procedure's talk page, and who asks. */
const QUESTIONS: Readonly<Record<string, [head: string, text: string, by: UserName]>> = {
  "Fog service": ["Which horn?", "Is it the small horn or the large one before departure?", "Teo Brandt"],
  "Lost property": ["Umbrellas", "Do umbrellas go on the shelf of their month, too?", "Ines Calder"],
  "Ticket checks": ["School classes", "Who pays for a class without a list?", "Teo Brandt"],
  "Snow clearing": ["Grit boxes", "Who has the key of the box at the terminus?", "Ines Calder"],
  "Power failure": ["Battery lights", "How long do the battery lights last?", "Teo Brandt"],
  "Visitors in the depot": ["Prams", "May guests bring a pram into the halls?", "Ines Calder"],
};

const NOTICES: [title: string, text: string][] = [
  ["Summer timetable", "From the first of June the ferries leave every twenty minutes."],
  ["New ticket machines", "Three machines at Lantern Square take coins again."],
  ["Closed stairs", "The western stairs are closed until the railing is mended."],
  ["Choir on the ferry", "The choir sings on the last ferry of every month."],
  ["Winter gloves", "New gloves are in the store of each depot."],
  ["Quiet hour", "The canteen is a quiet hour from two to three."],
  ["Bicycle racks", "Racks for bicycles come to every stop in zone 3."],
  ["Old uniforms", "Bring old uniforms to the store before the end of April."],
];

export const staff = STAFF.map(([name, desk, room, role, firstAid]) => ({
  name,
  desk,
  room,
  role,
  firstAid,
}));
export const stops = STOPS.map(([name, opened, zone, platforms, lead, stepFree], index) => ({
  name,
  opened,
  zone,
  platforms,
  lead: STAFF[lead]![0],
  stepFree,
  /** Its last edit is vandalism. */
  spoiled: index % 2 === 1,
}));
export const trams = TRAMS.map(([number, built, depot, seats, paint]) => ({
  title: `Tram ${number}`,
  built,
  depot,
  seats,
  paint,
}));
export const procedures = PROCEDURES.map(([title, intro, ...sections]) => ({
  title,
  intro,
  sections: sections.map(([head, text]) => ({ head, text })),
  question: QUESTIONS[title]![1],
}));
export const notices = NOTICES.map(([title, text]) => ({ title, text }));

const page = (title: string, text: string, by: UserName = "Mira Holt", summary = "first text"): History => ({
  title,
  revisions: [{ by, summary, text }],
});

const EDITORS: UserName[] = ["Teo Brandt", "Ines Calder", "Mira Holt", "Orla Winter"];
const SUMMARIES = [
  "number of platforms checked",
  "lead added",
  "zone as on the new map",
  "after the inspection",
];
const NONSENSE = [
  "GULLS RULE THIS STOP",
  "chips chips chips",
  "nobody reads this page ha ha",
  "this stop is closed for ever!!!",
];

/** Who made the last honest edit of a stop's page, and what was said about it. */
export const lastEdit = (name: string) => {
  const index = stops.findIndex((stop) => stop.name === name);
  return { by: EDITORS[index % 4]!, summary: SUMMARIES[Math.floor(index / 2) % 4]! };
};

function stopHistory(stop: (typeof stops)[number], index: number): History {
  const text = `'''${stop.name}''' is a stop of Lowmere Transit.

== Facts ==
* Opened: ${stop.opened}
* Zone: ${stop.zone}
* Platforms: ${stop.platforms}
* Stop lead: [[${stop.lead}]]

[[Category:Stops]]${stop.stepFree ? "\n[[Category:Step-free stops]]" : ""}`;
  const { by, summary } = lastEdit(stop.name);
  const { revisions } = page(stop.name, text.replace(/\n\* Stop lead.*/, ""));
  revisions.push({ by, summary, text });
  if (stop.spoiled)
    revisions.push({
      by: VANDAL,
      summary: "better now",
      text: text.replace(/== Facts ==\n[^]*?\n\n/, `${NONSENSE[Math.floor(index / 2) % 4]!}\n\n`),
    });
  return { title: stop.name, revisions };
}

/** As the wiki writes `~~~~`. */
const signed = (by: UserName) => `[[User:${by}|${by}]] ([[User talk:${by}|talk]]) 09:12, 3 March 2026 (UTC)`;

export const MAIN_PAGE = `Welcome to the '''Lowmere handbook''', by and for the people of Lowmere Transit.

* [[:Category:Stops|Stops]]
* [[:Category:Staff|Staff]]
* [[:Category:Trams|Trams]]
* [[:Category:Procedures|Procedures]]
* [[:Category:Notices|Notices]]`;

export const HISTORIES: readonly History[] = [
  ...stops.map(stopHistory),
  ...staff.map(({ name, desk, room, role, firstAid }) =>
    page(
      name,
      `'''${name}''' works for Lowmere Transit as ${role}.\n\n* Desk phone: ${desk}\n* Room: ${room}\n\n[[Category:Staff]]${firstAid ? "\n[[Category:First aiders]]" : ""}`,
      "Orla Winter",
    ),
  ),
  ...trams.map(({ title, built, depot, seats, paint }) =>
    page(
      title,
      `'''${title}''' runs on all lines.\n\n* Built: ${built}\n* Depot: ${depot}\n* Seats: ${seats}\n* Paint: ${paint}\n\n[[Category:Trams]]\n[[Category:Trams of ${depot}]]`,
      "Ines Calder",
    ),
  ),
  ...procedures.map(({ title, intro, sections }) =>
    page(
      title,
      `${intro}\n\n${sections.map(({ head, text }) => `== ${head} ==\n${text}`).join("\n\n")}\n\n[[Category:Procedures]]`,
      "Orla Winter",
    ),
  ),
  ...Object.entries(QUESTIONS).map(([title, [head, text, by]]) =>
    page(`Talk:${title}`, `== ${head} ==\n${text} ${signed(by)}`, by, head),
  ),
  ...notices.map(({ title, text }) => page(title, `${text}\n\n[[Category:Notices]]`)),
  ...["Stops", "Step-free stops", "Staff", "First aiders", "Trams", "Procedures", "Notices"].map((name) =>
    page(`Category:${name}`, `All pages of this kind.`, "Orla Winter"),
  ),
  ...[...new Set(trams.map(({ depot }) => depot))].map((depot) =>
    page(`Category:Trams of ${depot}`, "[[Category:Trams]]", "Orla Winter"),
  ),
];
