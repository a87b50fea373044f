/** @file What the wiki holds after a reset: the notebook of a made-up community garden. */

export interface Note {
  title: string;
  tags: string[];
  text: string;
  fields: Record<string, string>;
}

const GARDENERS: [name: string, phone: string, plot: string, since: string, skill: string][] = [
  ["Alma Ferrant", "555-0141", "Plot 3", "2014", "pruning"],
  ["Bastian Okoye", "555-0117", "Plot 7", "2019", "beekeeping"],
  ["Celia Nordin", "555-0163", "Plot 1", "2011", "composting"],
  ["Darko Vale", "555-0128", "Plot 9", "2021", "carpentry"],
  ["Edda Mbeki", "555-0155", "Plot 4", "2016", "seed saving"],
  ["Farid Lindqvist", "555-0109", "Plot 12", "2020", "irrigation"],
  ["Greta Palomar", "555-0172", "Plot 6", "2013", "beekeeping"],
  ["Hanif Carrow", "555-0134", "Plot 10", "2022", "composting"],
  ["Imke Sorell", "555-0186", "Plot 2", "2012", "pruning"],
  ["Jonas Adeyemi", "555-0148", "Plot 8", "2018", "seed saving"],
];

const TOOLS: [name: string, shelf: string, count: number, note: string][] = [
  ["Wheelbarrow", "shed north", 4, "Pump the tyres in spring."],
  ["Pruning saw", "cabinet A", 3, "Wipe the blade with oil after use."],
  ["Watering can", "shed south", 9, "Two leak at the spout."],
  ["Broadfork", "shed north", 2, "Only for beds that are free of roots."],
  ["Hand trowel", "cabinet B", 14, "Count them on Sundays."],
  ["Seed drill", "cabinet A", 1, "Ask before you take it."],
  ["Loppers", "cabinet A", 5, "The red pair is blunt."],
  ["Hose reel", "shed south", 3, "Roll it up empty."],
];

const EVENTS: [name: string, day: string, leader: string, meets: string, bring: string][] = [
  ["Spring sowing day", "14 March", "Edda Mbeki", "Greenhouse", "gloves"],
  ["Compost workshop", "4 April", "Celia Nordin", "Bay 2", "a bucket"],
  ["Bee walk", "9 May", "Greta Palomar", "Orchard gate", "a hat"],
  ["Tool repair evening", "23 May", "Darko Vale", "Shed north", "blunt tools"],
  ["Midsummer supper", "20 June", "Alma Ferrant", "Long table", "a dish to share"],
  ["Water saving talk", "11 July", "Farid Lindqvist", "Pump house", "a notebook"],
  ["Harvest market", "12 September", "Jonas Adeyemi", "Orchard gate", "baskets"],
  ["Pruning course", "7 November", "Imke Sorell", "Orchard gate", "secateurs"],
];

const RULES: [title: string, text: string][] = [
  [
    "Watering rota",
    `The pump runs from six to nine in the morning and from seven to ten in the evening.

Beds one to six are watered on Mondays and Thursdays. Beds seven to twelve are watered on Tuesdays and Fridays. Nobody waters at noon, because most of it is lost.

In a dry week the committee may close the pump on Sundays. A notice at the gate says so.

The rain barrels belong to all. Close the lid after use, and leave the last hand's breadth for the hedgehogs.

Seedlings in the greenhouse are watered by hand, with the small can and never with the hose.`,
  ],
  [
    "Compost rules",
    `Bay one takes what is fresh, bay two rests, and bay three is ready for the beds.

Cooked food, meat and cheese do not go into any bay. Citrus peel is welcome in small amounts.

Turn the heap every three weeks. Whoever turns it writes the day on the board.

Weeds with seeds dry on the rack for a fortnight before they go into bay one.`,
  ],
  [
    "Key box",
    `The key box hangs behind the notice board. Its code changes every quarter.

Take one key, write your name on the slip, and bring the key back on the same day.

A lost key costs twelve crowns. Tell the committee at once.`,
  ],
  [
    "Greenhouse guide",
    `Open both vents when the thermometer shows more than twenty-four degrees.

Tomatoes stand on the south bench, cucumbers on the north bench, and cuttings under the mist.

Label every tray with the plant, the day and your initials. Trays without a label are given away in May.`,
  ],
  [
    "Bee rules",
    `Keep three steps away from the hives unless you wear a veil.

Bastian and Greta open the hives on warm afternoons. A red flag at the orchard gate means that they are at work.

Honey is shared among all who helped at least twice.`,
  ],
];

const PLANS: [title: string, status: string, text: string][] = [
  ["Mend the north fence", "open", "Six posts are loose. Wood is ordered."],
  ["Paint the tool shed", "open", "Green, two coats."],
  ["Plant a hedge", "done", "Hawthorn along the lane, forty plants."],
  ["Buy a second pump", "open", "Ask for three offers."],
  ["Build a bench", "done", "Stands under the walnut tree."],
  ["Label the fruit trees", "open", "Slate labels, white chalk."],
];

const note = (title: string, tags: string[], text: string, fields: Record<string, string> = {}): Note => ({
  title,
  tags,
  text,
  fields,
});

export const gardeners = GARDENERS.map(([name, phone, plot, since, skill]) => ({
  name,
  phone,
  plot,
  since,
  skill,
}));
export const tools = TOOLS.map(([name, shelf, count, care]) => ({ name, shelf, count, care }));
export const events = EVENTS.map(([name, day, leader, meets, bring]) => ({
  name,
  day,
  leader,
  meets,
  bring,
}));
export const rules = RULES.map(([title, text]) => ({ title, text }));
export const plans = PLANS.map(([title, status, text]) => ({ title, status, text }));

export const NOTES: readonly Note[] = [
  note(
    "Fernbrook Garden",
    [],
    `Welcome to the notebook of the Fernbrook community garden.

* [[Gardeners]]
* [[Tools]]
* [[Events]]
* [[Rules]]
* [[Plans]]`,
  ),
  note("Gardeners", [], gardeners.map(({ name }) => `* [[${name}]]`).join("\n")),
  note("Tools", [], tools.map(({ name }) => `* [[${name}]]`).join("\n")),
  note("Events", [], events.map(({ name }) => `* [[${name}]]`).join("\n")),
  note("Rules", [], rules.map(({ title }) => `* [[${title}]]`).join("\n")),
  note("Plans", [], plans.map(({ title }) => `* [[${title}]]`).join("\n")),
  ...gardeners.map(({ name, phone, plot, since, skill }) =>
    note(
      name,
      ["gardener", skill],
      `Phone: ${phone}\n\nGarden: ${plot}\n\nMember since: ${since}\n\nGood at: ${skill}`,
    ),
  ),
  ...tools.map(({ name, shelf, count, care }) =>
    note(name, ["tool"], `Kept in: ${shelf}\n\nHow many: ${count}\n\nCare: ${care}`),
  ),
  ...events.map(({ name, day, leader, meets, bring }) =>
    note(name, ["event"], `Day: ${day}\n\nLed by: [[${leader}]]\n\nMeets at: ${meets}\n\nBring: ${bring}`),
  ),
  ...rules.map(({ title, text }) => note(title, ["rule"], text)),
  ...plans.map(({ title, status, text }) => note(title, ["plan", status], text)),
];

export const SITE_TITLE = "Fernbrook Garden notebook";
export const SITE_SUBTITLE = "what we know and what we plan";
