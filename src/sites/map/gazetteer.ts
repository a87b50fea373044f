/** @file The invented region of the map: its towns, the roads between them, and the names of its places. */

export interface Town {
  slug: string;
  name: string;
  /** Kilometres east and north of the region's south-west corner. */
  x: number;
  y: number;
  population: number;
  about: string;
  /** Three streets from west to east, then three from south to north. */
  streets: [string, string, string, string, string, string];
}

const town = (
  name: string,
  x: number,
  y: number,
  population: number,
  about: string,
  streets: Town["streets"],
): Town => ({ slug: name.toLowerCase().replaceAll(" ", "-"), name, x, y, population, about, streets });

export const TOWNS: readonly Town[] = [
  town("Aldermouth", 8, 31, 48_200, "The region's largest town, a working port at the mouth of the Alder.", [
    "Quay Street",
    "Chandler Street",
    "Upper Terrace",
    "Mariner Road",
    "Alder Bridge Road",
    "Lighthouse Road",
  ]),
  town("Brackwell", 17, 25, 21_700, "A market town among hop fields, known for its Saturday market.", [
    "Hop Lane",
    "Market Street",
    "Abbey Street",
    "Cooper Row",
    "Bell Street",
    "Orchard Road",
  ]),
  town(
    "Corran Bay",
    5,
    17,
    9_400,
    "A fishing village that turned seaside resort, with a two-kilometre beach.",
    ["Beach Parade", "Fisher Street", "Cliff Road", "Net Lane", "Pier Road", "Gull Street"],
  ),
  town("Dunmere", 27, 31, 33_900, "A university town on the shore of Lake Dun.", [
    "Lakeside Walk",
    "College Street",
    "Library Road",
    "Scholar Lane",
    "Boathouse Road",
    "Dunmere Avenue",
  ]),
  town("Elderby", 35, 22, 15_300, "Old mills along the river, now workshops and galleries.", [
    "Weaver Street",
    "Mill Street",
    "Dyer Lane",
    "Spindle Road",
    "Loom Street",
    "Elder Road",
  ]),
  town("Fernhollow", 23, 14, 6_800, "A quiet village at the edge of Fern Forest.", [
    "Forest Lane",
    "Fern Street",
    "Badger Road",
    "Holly Row",
    "Woodman Street",
    "Chapel Lane",
  ]),
  town("Garrowick", 12, 7, 12_500, "A quarry town in the southern hills.", [
    "Quarry Street",
    "Slate Row",
    "Hill Street",
    "Mason Lane",
    "Granite Road",
    "Tramway Road",
  ]),
  town("Hathersea", 44, 33, 27_600, "A spa town with long gardens and a bandstand.", [
    "Spa Road",
    "Garden Parade",
    "Crescent Street",
    "Pump Lane",
    "Bandstand Road",
    "Royal Avenue",
  ]),
  town("Inverlode", 50, 22, 18_900, "Once a tin-mining centre, today the region's railway junction.", [
    "Junction Road",
    "Tinners Row",
    "Foundry Street",
    "Signal Lane",
    "Lode Street",
    "Engine Road",
  ]),
  town("Kestrel Point", 56, 35, 4_300, "A small harbour below the bird cliffs in the east.", [
    "Harbour Wall",
    "Kestrel Street",
    "Cliff Top Road",
    "Puffin Lane",
    "Ferry Road",
    "Beacon Street",
  ]),
  town("Lowfield", 41, 9, 23_100, "A flat, green town of glasshouses and cycle paths.", [
    "Canal Street",
    "Tulip Road",
    "Glasshouse Lane",
    "Windmill Road",
    "Meadow Street",
    "Polder Avenue",
  ]),
  town("Marrow Cross", 30, 5, 7_900, "A crossroads town with four coaching inns.", [
    "Coach Road",
    "Inn Street",
    "Cross Street",
    "Saddler Row",
    "Toll Lane",
    "Farrier Road",
  ]),
];

export type RoadKind = "street" | "road" | "motorway" | "path";

/** Between towns. `bend`: how much longer than the straight line. */
export const ROADS: readonly { from: string; to: string; name: string; kind: RoadKind; bend: number }[] = [
  { from: "aldermouth", to: "brackwell", name: "Hopfield Road", kind: "road", bend: 1.12 },
  { from: "aldermouth", to: "corran-bay", name: "Coast Road", kind: "road", bend: 1.22 },
  { from: "aldermouth", to: "dunmere", name: "M4 Northern Motorway", kind: "motorway", bend: 1.05 },
  { from: "dunmere", to: "hathersea", name: "M4 Northern Motorway", kind: "motorway", bend: 1.05 },
  { from: "brackwell", to: "dunmere", name: "Abbot Road", kind: "road", bend: 1.15 },
  { from: "brackwell", to: "corran-bay", name: "Heath Road", kind: "road", bend: 1.18 },
  { from: "brackwell", to: "fernhollow", name: "Forest Road", kind: "road", bend: 1.25 },
  { from: "corran-bay", to: "garrowick", name: "Southern Cliff Path", kind: "path", bend: 1.1 },
  { from: "corran-bay", to: "garrowick", name: "Quarry Road", kind: "road", bend: 1.35 },
  { from: "garrowick", to: "fernhollow", name: "Slate Hill Road", kind: "road", bend: 1.3 },
  { from: "fernhollow", to: "elderby", name: "Riverside Path", kind: "path", bend: 1.06 },
  { from: "fernhollow", to: "elderby", name: "Old Mill Road", kind: "road", bend: 1.2 },
  { from: "fernhollow", to: "marrow-cross", name: "Coaching Road", kind: "road", bend: 1.15 },
  { from: "garrowick", to: "marrow-cross", name: "Southern Road", kind: "road", bend: 1.12 },
  { from: "marrow-cross", to: "lowfield", name: "Tollgate Road", kind: "road", bend: 1.1 },
  { from: "lowfield", to: "elderby", name: "Canal Path", kind: "path", bend: 1.08 },
  { from: "lowfield", to: "inverlode", name: "Glasshouse Road", kind: "road", bend: 1.14 },
  { from: "elderby", to: "dunmere", name: "Lake Road", kind: "road", bend: 1.16 },
  { from: "elderby", to: "inverlode", name: "M9 Central Motorway", kind: "motorway", bend: 1.05 },
  { from: "elderby", to: "inverlode", name: "Tin Road", kind: "road", bend: 1.2 },
  { from: "elderby", to: "hathersea", name: "Spa Valley Road", kind: "road", bend: 1.18 },
  { from: "hathersea", to: "inverlode", name: "Garden Road", kind: "road", bend: 1.15 },
  { from: "hathersea", to: "kestrel-point", name: "Bird Cliff Road", kind: "road", bend: 1.2 },
  { from: "inverlode", to: "kestrel-point", name: "Beacon Road", kind: "road", bend: 1.22 },
];

export type HoursKind = "day" | "evening" | "shop" | "public" | "always";

/** What is where. `names` are dealt to the towns in turn; `{town}` stands for a town's name, one place each. */
export const KINDS: readonly { category: string; hours: HoursKind; features: string[]; names: string[] }[] = [
  {
    category: "Cafe",
    hours: "day",
    features: ["Wi-Fi", "Outdoor seating", "Vegan options", "Takeaway"],
    names: words(
      "Copper Kettle, Blue Door, Paper Lantern, Three Spoons, Slow Morning, Cinnamon Corner, Little Anchor, Robin's Nest, The Reading Room, Velvet Bean, Saltwater, Hazel and Oak, The Potting Shed, Marmalade, Sunny Side, The Tin Cup, Fox and Fern, Driftwood, The Green Saucer, Penny Farthing, Honeycomb, Old Signal Box, White Rabbit, Juniper, The Long Table, Maple Leaf, Pebble, Crossroads, The Gatehouse, Lavender",
    ).map((name) => `${name} Cafe`),
  },
  {
    category: "Restaurant",
    hours: "evening",
    features: ["Vegetarian menu", "Outdoor seating", "Card payment", "Children's menu"],
    names: words(
      "Golden Pheasant, La Piccola, Harbour Grill, Jade Garden, The Olive Branch, Casa Rosario, The Smokehouse, Bengal Lane, Lemon Tree, Sakura House, The Salted Pig, Bistro Martel, Ember and Ash, The Crab Pot, Tandoori Nights, Mezze Corner, The Walnut Room, Little Lisbon, Spice Market, The Copper Pan, Noodle Yard, Ploughman's Table, The Vine, Taverna Delfi, Red Lantern, The Fig Tree, Oyster Shed, Prairie Kitchen, The Old Bakehouse, Saffron House, Chapel Kitchen, The Gilded Fork, Zaytoun, The Weir",
    ).map((name) => `${name} Restaurant`),
  },
  {
    category: "Bakery",
    hours: "shop",
    features: ["Gluten-free bread", "Takeaway", "Card payment"],
    names: words(
      "Crumb and Crust, Wheatsheaf, Rolling Pin, Hearthstone, Golden Loaf, Miller's Daughter, Sourdough Sisters, Poppyseed, Early Bird, Rye and Shine, The Flour Pot, Barley Mow, Sugar Plum, Stone Oven, Daily Bread, Butterwick, The Knead, Corner Crust, Oat and Honey, Brioche",
    ).map((name) => `${name} Bakery`),
  },
  {
    category: "Museum",
    hours: "public",
    features: ["Wheelchair access", "Guided tours", "Museum shop", "Free entry"],
    names: words(
      "Maritime, Hop Farm, Lifeboat, Natural History, Textile, Charcoal Burners, Slate, Spa Water, Railway, Seabird, Windmill, Coaching, Glass Painting, Toy, Radio, Science, Clock, Pottery",
    ).map((name) => `${name} Museum`),
  },
  {
    category: "Pharmacy",
    hours: "shop",
    features: ["Night bell", "Wheelchair access", "Home delivery", "Vaccinations"],
    names: words(
      "Harding, Greenleaf, Lakeview, Bell and Sons, Rosewood, Crown, Eastgate, Hillside, Marigold, Westbrook, Central, Beacon, Oakley, Swan, Meadow, Foxglove, Sandford, Unicorn, Parkside, Linden",
    ).map((name) => `${name} Pharmacy`),
  },
  {
    category: "Station",
    hours: "always",
    features: ["Ticket machine", "Bicycle stands", "Lift", "Waiting room"],
    names: ["{town} Station"],
  },
  {
    category: "Park",
    hours: "always",
    features: ["Playground", "Dogs allowed", "Picnic tables", "Pond"],
    names: words(
      "Victoria, Ropewalk, Abbey, Hopyard, Beach Road, Heron, Boathouse, Cricketers, Weir, Millpond, Fern Glade, Stonecutters, Rose, Bandstand, Pump Room, Foundry, Cliff, Poplar, Canal, Tulip, Coachmen's, Willow, Jubilee, Almond",
    ).map((name) => `${name} Park`),
  },
  {
    category: "Hotel",
    hours: "always",
    features: ["Breakfast", "Car park", "Pets welcome", "Sea view", "Spa"],
    names: words(
      "Anchor, Grand Alder, Market Cross, Hop Pole, Seaview, Sandpiper, Lakeside, Scholars, Weavers, Mill Race, Forest Lodge, Quarry House, Royal Crescent, Garden Court, Junction, Tinners Arms, Ferry House, Kestrel, Meadowbank, Canal House, Four Horses, Coach and Pair, Belvedere, Northern Star, White Hart, Bay Tree",
    ).map((name) => `${name} Hotel`),
  },
  {
    category: "Library",
    hours: "public",
    features: ["Wi-Fi", "Reading room", "Children's corner"],
    names: ["{town} Library"],
  },
  {
    category: "Supermarket",
    hours: "shop",
    features: ["Car park", "Bakery counter", "Self checkout", "Home delivery"],
    names: words(
      "Farrow's Quayside, Farrow's Market Street, Farrow's Lake, Farrow's Spa Road, Bright Basket North, Bright Basket Bay, Bright Basket Mill, Bright Basket Junction, Greenway Central, Greenway Forest, Greenway Hills, Greenway Polder, Nook Express Point, Nook Express Cross, Nook Express Campus, Nook Express Harbour",
    ).map((name) => `${name} Supermarket`),
  },
  {
    category: "Post office",
    hours: "shop",
    features: ["Parcel lockers", "Passport photos", "Currency exchange"],
    names: ["{town} Post Office"],
  },
  {
    category: "Cinema",
    hours: "evening",
    features: ["Wheelchair access", "Bar", "Student discount"],
    names: words("Odyssey, Picture House, Palace, Regent, Lantern, Majestic, Rialto, Phoenix").map(
      (name) => `${name} Cinema`,
    ),
  },
  {
    category: "Hospital",
    hours: "always",
    features: ["Emergency department", "Car park", "Maternity ward"],
    names: words(
      "Alder General, St. Brannoc, Lake District, Hathersea Royal, Inverlode County, Lowfield Community, Southern Hills, Corran Cottage",
    ).map((name) => `${name} Hospital`),
  },
  {
    category: "Viewpoint",
    hours: "always",
    features: ["Car park", "Benches", "Steep path", "Telescope"],
    names: words(
      "Lighthouse Hill, Hop Tower, Gull Rock, Dun Ridge, Spinners Rise, Fern Crag, Slate Edge, Spa Terrace, Engine Hill, Puffin Ledge, Windmill Mound, Gallows Hill, Harbour Light, Abbey Tower, Forest Gate, Beacon Top",
    ).map((name) => `${name} Viewpoint`),
  },
];

/** Written by visitors; dealt to places of the category. */
export const REVIEWS: Record<string, readonly string[]> = {
  Cafe: [
    "The flat white is the best in town and the scones come out warm at ten.",
    "Friendly people, but on Saturdays you wait twenty minutes for a table.",
    "Good soup at lunch. The stools by the window are too high for children.",
    "I work here most mornings. Wi-Fi is quick and nobody hurries you.",
    "Pricey cake, small slices. The coffee itself was fine.",
    "They remembered my order after two visits.",
  ],
  Restaurant: [
    "We had the set menu for two and left full and happy.",
    "Fish was fresh, the chips were soggy. Service made up for it.",
    "Book ahead at weekends; we were turned away at seven.",
    "Loud room, wonderful food. Ask for the table at the back.",
    "The vegetarian menu is a menu, not an afterthought.",
    "Waited forty minutes for the bill.",
  ],
  Bakery: [
    "Sourdough sells out before nine, so come early.",
    "The almond croissants are worth the detour.",
    "Bread was a day old and they did not say so.",
    "Kind staff, and they slice the loaf while you wait.",
  ],
  Museum: [
    "Small but carefully made. The volunteer guide knew everything.",
    "Two rooms were closed without a discount.",
    "Our children loved the hands-on tables upstairs.",
    "An hour is enough; the shop has good local books.",
  ],
  Hotel: [
    "Quiet room, proper breakfast, and a bath that fits a tall person.",
    "Thin walls. We heard the next room's alarm at five.",
    "Reception kept our bags all day without fuss.",
    "The lift was out of order for our whole stay.",
  ],
  Park: [
    "Lovely in the morning before the dogs arrive.",
    "New playground since spring, with shade for once.",
    "The pond path floods after rain, bring boots.",
  ],
  any: [
    "Does what it should, and the people are helpful.",
    "Hard to find the entrance: it is round the corner.",
    "Clean and well signed. Parking is the problem.",
    "Shorter queue after three in the afternoon.",
    "Step-free all the way, which we needed.",
  ],
};

export const REVIEWERS: readonly string[] = words(
  "Tess Okafor, Ruben Hale, Ingrid Solheim, Marcus Webb, Priya Nair, Jonas Feld, Caro Whitlock, Dev Malhotra, Elin Strand, Toby Ashworth, Noor Rahman, Gwen Pryce, Luis Ferrer, Hanna Koenig, Owen Tully, Mina Park",
);

function words(list: string): string[] {
  return list.split(", ");
}
