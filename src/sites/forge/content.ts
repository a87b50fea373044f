/**
 * @file The content of the forge: projects, and the sentences from which issues, merge requests and commits are made.
 */

export interface ProjectContent {
  title: string;
  description: string;
  language: "Python" | "TypeScript" | "Rust" | "Go";
  /** What the project's issues are about. */
  nouns: [string, string, string, string];
}

export const PROJECTS: ProjectContent[] = (
  [
    [
      "Garden Planner",
      "Plan beds and sowing dates",
      "TypeScript",
      "seed list, bed map, frost alarm, harvest log",
    ],
    [
      "Bread Timer",
      "Timers for long doughs",
      "Python",
      "dough timer, oven profile, starter diary, recipe card",
    ],
    [
      "Bike Log",
      "Rides, parts and service dates",
      "Go",
      "ride table, chain counter, service reminder, route file",
    ],
    [
      "Photo Shelf",
      "A photo library at home",
      "Rust",
      "album view, face index, thumbnail cache, date picker",
    ],
    [
      "Radio Bench",
      "Measure and tune old radios",
      "Python",
      "tuning dial, noise meter, sweep chart, part list",
    ],
    ["Book Lender", "Who borrowed which book", "TypeScript", "loan form, cover scan, due list, reader card"],
    [
      "Game Shelf",
      "Scores and rules of board games",
      "TypeScript",
      "score sheet, rule search, player list, box photo",
    ],
    [
      "Train Board",
      "Departures on a small screen",
      "Rust",
      "platform sign, delay feed, night mode, station menu",
    ],
    [
      "Choir Sheets",
      "Sheet music for choirs",
      "Go",
      "voice filter, page turner, rehearsal plan, lyric sheet",
    ],
    [
      "Brew Scale",
      "A scale that talks to your phone",
      "Rust",
      "flow curve, tare button, battery icon, shot history",
    ],
    [
      "Wood Cutter",
      "Cut lists for sheet material",
      "Python",
      "cut list, grain option, offcut store, saw width",
    ],
    [
      "Home Backup",
      "Backups that check themselves",
      "Go",
      "restore wizard, disk check, mail report, schedule page",
    ],
    [
      "Rain Gauge",
      "Weather station for balconies",
      "Python",
      "rain chart, wind sensor, solar panel, daily mail",
    ],
    [
      "Note Garden",
      "Notes that link to each other",
      "TypeScript",
      "link graph, tag cloud, quick note, export menu",
    ],
    [
      "Map Walker",
      "Walking maps without network",
      "Rust",
      "trail layer, height profile, hut list, compass view",
    ],
    ["Mail Sorter", "Rules for a tidy mailbox", "Go", "rule editor, spam folder, sender list, digest page"],
    [
      "Pantry List",
      "What is left in the pantry",
      "TypeScript",
      "barcode scan, shelf view, expiry alert, shopping note",
    ],
    [
      "Sound Desk",
      "Mixing desk for rehearsals",
      "Rust",
      "channel strip, mute group, level meter, scene list",
    ],
    [
      "Plant Doctor",
      "Find out what a leaf lacks",
      "Python",
      "leaf photo, disease table, advice page, watering plan",
    ],
    [
      "Print Queue",
      "Share one printer in a house",
      "Go",
      "job list, paper counter, colour switch, user quota",
    ],
    [
      "Script Runner",
      "Run small scripts by schedule",
      "Python",
      "job editor, run log, time zone, retry rule",
    ],
    ["Tide Clock", "Tides and light for sailors", "Rust", "tide curve, harbour list, moon phase, alarm tone"],
    [
      "Word Cards",
      "Learn words with cards",
      "TypeScript",
      "card deck, typing test, streak counter, audio button",
    ],
    ["Lamp Control", "Lamps that follow the sun", "Go", "dimmer page, room group, sunset rule, switch panel"],
    ["Kite Forecast", "Wind for kite flyers", "Python", "wind map, beach list, gust alarm, forecast mail"],
  ] as const
).map(([title, description, language, nouns]) => ({
  title,
  description,
  language,
  nouns: nouns.split(", ") as ProjectContent["nouns"],
}));

/** `{x}` is one of the project's nouns; the text of the issue follows after the bar. */
export const ISSUES = `
Crash when opening the {x}|It happens every time since the last update.
{x} loses changes|I edit, leave the page, and the old values are back.
Add a search to the {x}|Scrolling takes too long with many entries.
{x} is slow on old phones|It takes nine seconds to open.
Wrong dates in the {x}|Everything is one day early here.
Document the {x}|New users ask about it every week.
Print the {x}|Paper is still useful in the shed.
Dark colours for the {x}|It is too bright in the evening.
{x} ignores the language|The labels stay in English.
Share the {x} with a friend|A link that expires would be enough.
Keyboard shortcuts for the {x}|I do not want to use the mouse.
Duplicate entries in the {x}|Saving twice makes two of them.
Empty {x} after import|The file has two hundred lines.
Bigger text in the {x}|My father cannot read it.
Undo in the {x}|One wrong tap and it is gone.
{x} shows negative numbers|That should not be possible.
Sort the {x} by date|The order looks random to me.
Tests for the {x}|We broke it three times this year.
Spelling mistake in the {x}|It says recieve.
Sync the {x} between devices|I use a phone and a laptop.
`;

export const MERGE_REQUESTS = `
Rewrite the {x}|Smaller and easier to test.
Fix rounding in the {x}|Uses whole numbers inside.
Add filters to the {x}|Three filters and a reset button.
Cache the {x}|Opens in a tenth of the time.
Translate the {x}|German and Norwegian.
Clean up the {x}|Only moves code, no change in behaviour.
Validate the {x}|Wrong input gives a clear message.
Remove old code from the {x}|Nobody has called it since 2024.
`;

export const COMMITS = `
Fix typo in the {x}
Speed up the {x}
Add tests for the {x}
Handle empty {x}
Rename fields of the {x}
Move the {x} to its own file
Update text of the {x}
Round values in the {x}
Log errors of the {x}
Simplify the {x}
`;

export const REMARKS = [
  "I can reproduce this",
  "Happy to review a fix",
  "This also affects me",
  "Could you attach the log",
  "I will look at it tomorrow",
  "Let us do this after the release",
  "The fix is simpler than I thought",
  "Please add a test first",
  "Works on my machine",
  "We discussed this last year",
  "Good idea, go ahead",
  "I have a draft for this",
];

export const LABELS = ["Bug", "Feature", "Docs", "Question", "Urgent", "Design"];
export const MILESTONES = ["Spring release", "Summer release", "Autumn release"];
export const STATUSES = ["On holiday", "Reviewing", "Writing docs", "Busy with work", "Back on Monday", ""];
export const LICENSES = ["MIT", "Apache 2.0", "GPL 3.0", "BSD"];
