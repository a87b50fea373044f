/**
 * @file The catalog as written by hand: categories with their lines (brands) and kinds of product. Every line of a
 * category makes every kind of it, so a product is found by its line and its kind: `Alder desk lamp`.
 */

export interface Line {
  name: string;
  /** What the line's things are made of, and their colours. */
  material: string;
  colours: readonly [string, string];
  /** Factor on the kind's price. */
  price: number;
  warrantyYears: number;
  about: string;
}

export interface Kind {
  name: string;
  /** Dollars, for a line of factor 1. */
  price: number;
  /** Kilograms. */
  weight: number;
  about: string;
}

export interface CategoryData {
  name: string;
  slug: string;
  /** First letters of its SKUs. */
  code: string;
  /** Hue of its pictures, degrees. */
  hue: number;
  lines: readonly Line[];
  kinds: readonly Kind[];
}

const line = (
  name: string,
  material: string,
  colours: readonly [string, string],
  price: number,
  warrantyYears: number,
  about: string,
): Line => ({ name, material, colours, price, warrantyYears, about });

const kind = (name: string, price: number, weight: number, about: string): Kind => ({
  name,
  price,
  weight,
  about,
});

export const CATEGORIES: readonly CategoryData[] = [
  {
    name: "Kitchen",
    slug: "kitchen",
    code: "KIT",
    hue: 18,
    lines: [
      line(
        "Marlow",
        "stainless steel",
        ["silver", "black"],
        1,
        5,
        "Marlow is made for daily use and the dishwasher.",
      ),
      line(
        "Copperline",
        "copper",
        ["copper", "rose"],
        1.6,
        10,
        "Copperline is polished by hand in small batches.",
      ),
      line("Hearth", "cast iron", ["black", "red"], 1.2, 10, "Hearth holds its heat and lasts for decades."),
      line(
        "Tavola",
        "glazed ceramic",
        ["white", "blue"],
        0.9,
        2,
        "Tavola brings table colours to the stove.",
      ),
      line(
        "Kestrel",
        "recycled aluminium",
        ["grey", "green"],
        0.7,
        3,
        "Kestrel is light, simple and easy to store.",
      ),
    ],
    kinds: [
      kind("frying pan", 48, 1.4, "A wide pan with a heavy base that browns evenly."),
      kind("stock pot", 64, 2.8, "Eight litres, with a lid that locks for pouring."),
      kind("chef knife", 55, 0.3, "A twenty centimetre blade that keeps its edge."),
      kind("cutting board", 28, 1.1, "Two sides, a juice groove and feet that do not slip."),
      kind("electric kettle", 59, 1.2, "Boils a litre in three minutes and switches itself off."),
      kind("coffee grinder", 72, 1.9, "Forty steps from espresso to French press."),
      kind("mixing bowl", 22, 0.8, "Deep enough for a double batch of dough."),
      kind("salad spinner", 26, 0.9, "Dries a full head of lettuce with five turns."),
    ],
  },
  {
    name: "Lighting",
    slug: "lighting",
    code: "LIG",
    hue: 44,
    lines: [
      line(
        "Alder",
        "oak and linen",
        ["natural", "walnut"],
        1.1,
        3,
        "Alder gives a warm light for long evenings.",
      ),
      line("Lumen", "powder coated steel", ["white", "black"], 0.8, 2, "Lumen is bright, flat and modest."),
      line("Halo", "opal glass", ["white", "smoke"], 1.3, 3, "Halo spreads its light without glare."),
      line("Solene", "brushed brass", ["brass", "bronze"], 1.7, 5, "Solene is turned from solid brass."),
      line(
        "Fenwick",
        "spun aluminium",
        ["green", "cream"],
        1,
        5,
        "Fenwick comes from a workshop lamp of the fifties.",
      ),
    ],
    kinds: [
      kind("desk lamp", 45, 1.6, "A jointed arm that stays where it is put."),
      kind("floor lamp", 110, 5.4, "Stands one and a half metres tall on a heavy foot."),
      kind("table lamp", 62, 2.2, "A soft light for side boards and bedside tables."),
      kind("pendant light", 85, 1.8, "Hangs on a textile cord of two metres."),
      kind("wall light", 54, 1.1, "Throws its light up and down the wall."),
      kind("string lights", 29, 0.5, "Twenty bulbs on ten metres, for inside and outside."),
      kind("reading lamp", 38, 0.7, "Clips to a shelf or a headboard."),
      kind("night light", 18, 0.2, "Goes on by itself when it gets dark."),
    ],
  },
  {
    name: "Furniture",
    slug: "furniture",
    code: "FUR",
    hue: 28,
    lines: [
      line(
        "Nordby",
        "birch plywood",
        ["natural", "white"],
        0.8,
        5,
        "Nordby comes flat and goes together without tools.",
      ),
      line(
        "Oakhurst",
        "solid oak",
        ["oiled oak", "smoked oak"],
        1.4,
        10,
        "Oakhurst is finished with hard wax oil.",
      ),
      line("Linden", "ash and wool", ["sand", "moss"], 1.1, 5, "Linden is made by a family firm of joiners."),
      line("Cassia", "rattan", ["honey", "black"], 0.9, 2, "Cassia is woven by hand and light to move."),
      line(
        "Harlow",
        "steel and leather",
        ["cognac", "black"],
        1.6,
        10,
        "Harlow gets better looking with age.",
      ),
    ],
    kinds: [
      kind("armchair", 320, 16, "A low seat with wide arms for a cup and a book."),
      kind("coffee table", 180, 14, "With a shelf below for papers and remotes."),
      kind("bookcase", 210, 28, "Five shelves that carry twenty kilograms each."),
      kind("side table", 90, 6.5, "Small enough for the gap beside a sofa."),
      kind("dining chair", 120, 5.8, "A curved back that supports long dinners."),
      kind("storage bench", 150, 13, "A seat for two over a deep box."),
      kind("bed frame", 420, 42, "For a mattress of 160 by 200 centimetres."),
      kind("shoe rack", 58, 4.4, "Holds twelve pairs on three levels."),
    ],
  },
  {
    name: "Audio",
    slug: "audio",
    code: "AUD",
    hue: 265,
    lines: [
      line("Sonata", "walnut veneer", ["walnut", "white"], 1.5, 5, "Sonata is tuned by ear in our own room."),
      line("Tempo", "matte plastic", ["black", "blue"], 0.7, 2, "Tempo plays loud for its size and price."),
      line("Clarion", "brushed aluminium", ["silver", "black"], 1.2, 3, "Clarion is known for clear voices."),
      line(
        "Wavelet",
        "woven fabric",
        ["grey", "coral"],
        0.9,
        2,
        "Wavelet hides its sound behind soft fabric.",
      ),
      line("Bassline", "rubber and steel", ["black", "orange"], 1, 3, "Bassline shrugs off rain and falls."),
    ],
    kinds: [
      kind("headphones", 129, 0.3, "Thirty hours between charges, and a cable for flights."),
      kind("earbuds", 79, 0.1, "Six hours in the ear and eighteen more in the case."),
      kind("bookshelf speaker", 160, 4.6, "Two way speaker with a port at the back."),
      kind("portable speaker", 69, 0.6, "Fits a bottle holder and plays for twelve hours."),
      kind("soundbar", 210, 3.2, "Makes films audible without a second box."),
      kind("turntable", 240, 5.1, "Belt driven, two speeds, with a built in amplifier."),
      kind("radio", 55, 1, "FM and digital, with four favourites on buttons."),
      kind("microphone", 99, 0.5, "Plugs into any computer for calls and songs."),
    ],
  },
  {
    name: "Office",
    slug: "office",
    code: "OFF",
    hue: 210,
    lines: [
      line(
        "Ledger",
        "vegan leather",
        ["navy", "brown"],
        1.2,
        2,
        "Ledger looks well kept after years of use.",
      ),
      line("Quill", "bamboo", ["natural", "dark"], 0.8, 2, "Quill grows back faster than it is sold."),
      line(
        "Atlas",
        "anodised aluminium",
        ["silver", "graphite"],
        1.5,
        5,
        "Atlas is machined from one piece where possible.",
      ),
      line("Draft", "recycled felt", ["grey", "mustard"], 0.9, 1, "Draft is pressed from old bottles."),
      line("Monolith", "coated steel", ["black", "white"], 1, 5, "Monolith does one thing and does it well."),
    ],
    kinds: [
      kind("desk organizer", 24, 0.7, "Six compartments for what usually lies about."),
      kind("notebook", 14, 0.3, "Two hundred dotted pages that lie flat."),
      kind("monitor stand", 46, 2.3, "Lifts a screen by twelve centimetres."),
      kind("keyboard", 79, 0.8, "Quiet keys and a cable that comes off."),
      kind("laptop sleeve", 34, 0.3, "Lined, with a pocket for the charger."),
      kind("whiteboard", 52, 3.5, "Sixty by ninety centimetres, with a tray for pens."),
      kind("paper shredder", 88, 4.8, "Takes eight sheets at once, staples too."),
      kind("office chair", 230, 14, "Seat, arms and back adjust without looking."),
    ],
  },
  {
    name: "Outdoor",
    slug: "outdoor",
    code: "OUT",
    hue: 150,
    lines: [
      line("Summit", "ripstop nylon", ["red", "grey"], 1.5, 5, "Summit is tested above the tree line."),
      line(
        "Trailhead",
        "polyester",
        ["green", "blue"],
        0.8,
        2,
        "Trailhead is for the first hundred nights out.",
      ),
      line("Cedar", "waxed cotton", ["olive", "tan"], 1.2, 3, "Cedar smells of campfires after one season."),
      line("Ridge", "titanium", ["titanium", "black"], 1.9, 10, "Ridge saves weight where it counts."),
      line("Tundra", "insulated polymer", ["white", "teal"], 1, 5, "Tundra works at twenty below zero."),
    ],
    kinds: [
      kind("tent", 190, 2.9, "Two people, two doors and room for boots."),
      kind("sleeping bag", 95, 1.3, "Warm to five degrees and packs to a loaf."),
      kind("camping stove", 64, 0.4, "Boils water in wind."),
      kind("water filter", 39, 0.2, "Cleans a litre in a minute, a thousand times."),
      kind("headlamp", 33, 0.1, "Three hundred lumens and a red light for maps."),
      kind("hiking poles", 58, 0.5, "Fold into three parts and lock with a click."),
      kind("cooler box", 84, 4.2, "Keeps ice for three days."),
      kind("hammock", 45, 0.6, "Hangs between trees with straps that spare the bark."),
    ],
  },
  {
    name: "Garden",
    slug: "garden",
    code: "GAR",
    hue: 95,
    lines: [
      line("Fern", "galvanised steel", ["zinc", "green"], 1, 5, "Fern stands rain without rust."),
      line("Meadow", "terracotta", ["terracotta", "sand"], 0.9, 1, "Meadow breathes, so roots stay healthy."),
      line(
        "Greenway",
        "recycled plastic",
        ["green", "black"],
        0.7,
        2,
        "Greenway is made of collected crates.",
      ),
      line(
        "Thistle",
        "forged steel",
        ["black", "silver"],
        1.4,
        10,
        "Thistle is forged and can be sharpened.",
      ),
      line("Bramble", "larch wood", ["natural", "grey"], 1.2, 3, "Bramble turns silver in its second year."),
    ],
    kinds: [
      kind("watering can", 27, 0.9, "Nine litres with a rose that comes off."),
      kind("pruning shears", 31, 0.3, "Cuts green wood as thick as a thumb."),
      kind("garden hose", 42, 2.7, "Twenty metres that do not kink."),
      kind("plant pot", 19, 1.5, "With a saucer and a hole for draining."),
      kind("bird feeder", 24, 0.8, "Keeps seeds dry and squirrels out."),
      kind("fire pit", 140, 11, "A bowl on legs with a grid for grilling."),
      kind("raised bed", 96, 15, "One metre of soil at the height of a table."),
      kind("rain barrel", 118, 9, "Two hundred litres with a tap at the bottom."),
    ],
  },
  {
    name: "Travel",
    slug: "travel",
    code: "TRA",
    hue: 190,
    lines: [
      line("Voyager", "polycarbonate", ["navy", "silver"], 1.3, 10, "Voyager survives baggage belts."),
      line(
        "Meridian",
        "full grain leather",
        ["cognac", "black"],
        1.8,
        10,
        "Meridian is cut and sewn in one workshop.",
      ),
      line("Drift", "recycled nylon", ["black", "sage"], 1, 3, "Drift is made of old fishing nets."),
      line("Passage", "canvas", ["khaki", "blue"], 0.8, 2, "Passage can be washed in the machine."),
      line("Cabin", "soft polyester", ["grey", "wine"], 0.7, 1, "Cabin fits below the seat in front."),
    ],
    kinds: [
      kind("suitcase", 150, 3.4, "Four quiet wheels and a lock for customs."),
      kind("backpack", 89, 1.1, "Opens like a case and has a place for a laptop."),
      kind("travel pillow", 26, 0.3, "Holds the chin up on night flights."),
      kind("toiletry bag", 32, 0.3, "Hangs on any hook and opens flat."),
      kind("packing cubes", 29, 0.4, "Four sizes that bring order to a case."),
      kind("luggage scale", 21, 0.1, "Weighs up to fifty kilograms."),
      kind("passport holder", 24, 0.1, "Four cards, two passports and a pen."),
      kind("duffel bag", 74, 1.2, "Forty litres with straps for the back."),
    ],
  },
];
