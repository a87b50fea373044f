/** @file The content of the forum: boards, titles, and the sentences from which posts and comments are made. */

export interface BoardContent {
  slug: string;
  title: string;
  description: string;
  /** One per line. */
  titles: string;
  /** Sentences of posts, one a line. */
  details: string;
  /** What people answer, one a line. Without a final period, so that answers are easy to quote. */
  comments: string;
}

export const BOARDS: BoardContent[] = [
  {
    slug: "baking",
    title: "Baking",
    description: "Bread, cakes and everything from the oven",
    titles: `Best sourdough starter
Rye bread without a mixer
Why do my macarons crack
Croissants in a warm kitchen
Gluten free pizza dough
My first wedding cake
Cast iron for crusty loaves
Oven runs too hot
Cinnamon rolls overnight
Which flour for baguettes
Lemon tart keeps weeping
Steam in a home oven
Saving an overproofed dough
Banana bread experiments
Freezing cookie dough
Swiss meringue that holds
Old scale or new scale
Challah braiding guide
Cheap proofing baskets
Burnt bottoms on cookies
Pretzels with baking soda`,
    details: `I feed it twice a day and keep it near the radiator.
The crust was fine but the middle stayed wet.
My oven has no fan and only shows three marks.
I used seventy percent water and a pinch of salt.
The recipe is from my grandmother and gives no times.
It tasted good, it just did not look like the picture.`,
    comments: `Try ten degrees less next time
Weigh everything, cups are not precise
Let it rest longer in the fridge
A baking stone changed this for me
Use less sugar and it will hold
Butter was too warm, I think
I do this every Sunday and it works
Put a tray of water below
Fresh flour makes a big difference
Cover it for the first twenty minutes`,
  },
  {
    slug: "gardening",
    title: "Gardening",
    description: "Beds, pots, pests and harvests",
    titles: `Slugs ate my lettuce
Tomatoes on a north balcony
When to prune roses
Cheap raised beds
Compost smells bad
Growing garlic in pots
Blueberries need sour soil
Bees love this border
Frost took my dahlias
Rain barrel pump advice
Seed swap in April
Yellow leaves on cucumber
Moss in the lawn
Strawberries from runners
Moving an old apple tree
Indoor herbs in winter
Hedge plants for wind
Ladybirds against aphids
Watering while on holiday
First potatoes of the year
Shade plants that flower`,
    details: `The bed gets four hours of sun at best.
Last year everything was gone in one night.
The soil is heavy clay and dries like stone.
I water in the morning with rain water only.
There are small holes in every second leaf.
My neighbour says to leave it until autumn.`,
    comments: `Coffee grounds helped in my garden
Wait until the last frost is over
Cut it back to three buds
Mulch it with straw and be patient
Too much water, let it dry first
Copper tape works for about a year
Add some sand to the soil
Mine did the same and recovered
Plant marigolds next to them
Move the pots closer to the wall`,
  },
  {
    slug: "cycling",
    title: "Cycling",
    description: "Commuting, touring and repairs",
    titles: `Chain skips under load
Tubeless for commuting
Best lights under forty euros
Knee pain after long rides
Steel frame for touring
Squeaky disc brakes
Panniers that stay dry
Gravel route along the canal
Winter tyres worth it
Child seat for old bike
Saddle for wide hips
Bike stolen at station
Lock that opens easily
Cheap power meter
First hundred kilometres
Spoke keeps breaking
Ebike battery in cold
Rain jacket that breathes
Handlebar too low
Group ride on Saturday
Mudguards for road frame`,
    details: `I ride twelve kilometres to work every day.
It only happens in the two smallest gears.
The shop wants more than the bike is worth.
I already cleaned everything and it came back.
My frame has no eyelets at the rear.
After an hour it starts to hurt.`,
    comments: `Check the derailleur hanger first
Raise the saddle by five millimetres
New pads and a clean rotor fixed mine
Wider tyres at lower pressure
I have used mine for six years
Go to a proper fitting, it pays off
Replace chain and cassette together
A longer stem would help
Loctite on that bolt
Take the train for the first part`,
  },
  {
    slug: "photography",
    title: "Photography",
    description: "Cameras, film and pictures",
    titles: `First roll of film
Portrait lens on budget
Cleaning a dusty sensor
Night sky without tracker
Which tripod for hiking
Scanning old slides
Street photos and shyness
Light meter app accuracy
Fog over the harbour
Backing up ten years
Printing at home
Black and white in rain
Flash for small rooms
Camera strap that lasts
Wedding as a guest
Expired film results
Macro with extension tubes
Colours look too green
Bird photos from window
Darkroom in the bathroom
Used camera checklist`,
    details: `I shot it at the widest setting by mistake.
The light was gone after twenty minutes.
I do not want to spend more than two hundred.
The files look fine on my phone only.
There is a small spot in every sky.
I carry it all day, so weight matters.`,
    comments: `Stop down to f8 and try again
Buy used, it is half the price
A blower first, never a cloth
Expose for the shadows
Set the white balance by hand
Lovely tones in this one
Keep two copies in two places
The kit lens is good enough
Shoot earlier, the light is softer
Mine arrived with fungus, be careful`,
  },
  {
    slug: "electronics",
    title: "Electronics",
    description: "Soldering, sensors and small machines",
    titles: `Solder joints look dull
Weather station on balcony
Fixing an old radio
Which multimeter to buy
Sensor reads too high
Powering a clock by solar
Motor driver gets hot
Reading a wiring diagram
First printed circuit board
Battery swells in tablet
Doorbell with camera
Noise in amplifier
Cheap logic analyser
Repairing a coffee grinder
Relay clicks at night
Desoldering without damage
Fan control for shelf
Replacing a laptop screen
Plant watering circuit
Fuse blows every week
Learning with kits`,
    details: `The board is ten years old and has no schematic.
It works for an hour and then resets.
I measured five volts at the input.
The heat sink is too hot to touch.
I would like to keep the original case.
It is my first project with surface mount parts.`,
    comments: `Check the capacitors first
Use flux, lots of it
Your ground is not connected
A bigger heat sink will do
Put a diode across the coil
The regulator is the weak part
Turn up the iron a little
I would add a fuse there
Stop charging it at once
Measure again under load`,
  },
  {
    slug: "books",
    title: "Books",
    description: "What we read and why",
    titles: `Short novels for trains
Books about the sea
Mystery without violence
Poems for beginners
Reading in two languages
Best library app
Crime novels from Iceland
History of bread
Gave up after fifty pages
Book club for March
Old maps and atlases
Science for curious kids
Letters instead of novels
Rereading childhood favourites
Paper or screen
Translations worth reading
Biography of a gardener
Short stories this winter
Mending a broken spine
Where to donate books
Slow books for holidays`,
    details: `I have about forty minutes each way.
My last three picks were all disappointing.
It should not be longer than three hundred pages.
I read mostly in the evening.
A friend keeps recommending it.
The middle part is slow but the end is worth it.`,
    comments: `The second chapter gets better
Try the audio book instead
I lent my copy and never saw it again
The translation from 1998 is better
Read it twice and liked it twice
Our library has four copies
The ending spoiled it for me
Start with her early work
Not for me, but well written
My daughter loved this one`,
  },
  {
    slug: "games",
    title: "Games",
    description: "Board games and card games",
    titles: `Good games for two
Rules question about trading
Painting small figures
Shortest game you own
Teaching chess to kids
Storing loose cards
Game night with eight
Best cooperative game
Lost a single piece
Wooden boxes for cards
Games for a long train
Too much luck in dice
Expansion worth buying
Quiet games for evenings
House rules you love
Selling old puzzles
First visit to Essen
Games without reading
Solo games in winter
Sleeves or no sleeves
Why we stopped playing`,
    details: `We are usually two, sometimes four.
Nobody wants to read thirty pages of rules.
It takes three hours and that is too long.
My son is seven and hates to lose.
The box is half empty and far too large.
We played it six times last month.`,
    comments: `We play it every Friday
The first edition is better
Ask the publisher, they send parts
Only with the right group
Use a timer for each turn
Sold mine after two plays
Great with three, dull with five
Print the short rules from the web
My kids won three times in a row
It is out of print, sadly`,
  },
  {
    slug: "travel",
    title: "Travel",
    description: "Trains, tents and far places",
    titles: `Night train to Vienna
Packing for two weeks
Islands without a car
Travel with a toddler
Cheap huts in Norway
Lost luggage in Madrid
Best month for Lisbon
Ferry from Kiel
Walking across Wales
Food markets in Turin
Rail pass or single tickets
Camping beside a lake
Solo trip for first time
Quiet beaches in May
Visa took six weeks
Cycling around Taiwan
Snow in the Tatras
Museum days in Ghent
Phone plan abroad
House swap experience
Bus across Bolivia`,
    details: `We have nine days and no fixed plan.
I would like to avoid flying this time.
The budget is around eight hundred for two.
My legs are not what they used to be.
We arrive late and need one night near the station.
Last time it rained the whole week.`,
    comments: `Book the sleeper early
Go in September, it is quieter
Two shirts less, one jumper more
The bus is cheaper and as fast
We stayed near the old harbour
Bring cash for the huts
Skip the first museum
Ask at the station, not online
It was closed when we came
Worth it for the view alone`,
  },
  {
    slug: "music",
    title: "Music",
    description: "Playing, listening and collecting",
    titles: `Learning cello at forty
Records under ten euros
Guitar strings that last
Choir looking for tenors
Piano in a small flat
Turntable hums loudly
Songs in odd meters
Practice with neighbours
Which ukulele to start
Concert in the old mill
Ear training every day
Fixing a sticky valve
Playlists for cooking
Used accordion prices
Sheet music on tablet
Home recording basics
First band at fifty
Drum pads for beginners
Jazz from the north
Tuning by ear
Headphones for mixing`,
    details: `I can practise half an hour a day.
The walls are thin and the baby sleeps at seven.
It came from a flea market without a case.
My teacher says to slow down.
The sound gets muddy below middle C.
We meet on Tuesdays in the school.`,
    comments: `Slow down and use a metronome
A thick carpet helps a lot
Check the ground wire
New felt and it is silent again
My teacher says the same
Start with the easy keys
Try another set before you sell it
That record is hard to find
Sing it first, then play it
Rent one for three months`,
  },
  {
    slug: "coffee",
    title: "Coffee",
    description: "Beans, grinders and cups",
    titles: `Grinder under a hundred
Espresso tastes sour
Cold brew ratio
Cleaning a moka pot
Beans from Rwanda
Hard water and taste
Milk foam by hand
Filter papers compared
Roasting in a pan
Decaf that tastes good
Travel press review
Machine leaks at night
Storing beans in summer
Two cups at once
Cheap scale for brewing
Office coffee rescue
Water too hot
Oat milk splits
Café worth the detour
Old lever machine
Coffee for the tent`,
    details: `I use eighteen grams and a fine grind.
The water here is very hard.
It was fine for two years and then it changed.
My limit is one machine on the counter.
I drink two cups before nine.
The beans were roasted last week.`,
    comments: `Grind finer and try again
Filter your water first
Replace the seal, it costs two euros
Let it rest for a week
Lower the dose by one gram
Freeze them in small bags
Warm the cup before
Vinegar, then rinse three times
I went back to paper filters
The hand grinder is enough`,
  },
  {
    slug: "woodworking",
    title: "Woodworking",
    description: "Tools, joints and finishes",
    titles: `First workbench plans
Sharpening without a jig
Oak or ash for table
Dovetails by hand
Glue that does not creep
Restoring a rusty plane
Dust in small shops
Finish for cutting boards
Warped door panel
Toy train for nephew
Saw drifts to left
Cheap clamps tested
Bookcase in a weekend
Old chisels from market
Steam bending at home
Hanging a heavy shelf
Spoon carving evenings
Floor boards that squeak
Chair with loose legs
Plywood edges that chip
Quiet tools for flats`,
    details: `The boards are two metres long and not quite flat.
I only have hand tools and one small saw.
It was left in a damp cellar.
The joint opened again after a month.
I would like to avoid screws.
It should carry about sixty kilos.`,
    comments: `Flatten the back first
Two coats of oil, a day apart
Use hide glue there
Cut it a little oversize
Your blade is dull
Clamp a straight edge to it
Let the wood dry for a month
A card scraper works well
Screws from below would hold
Mine lasted twenty years`,
  },
  {
    slug: "linux",
    title: "Linux",
    description: "Desktops, servers and shell",
    titles: `Wifi drops after sleep
Backup with plain scripts
Old laptop as server
Fonts look blurry
Printer not found
Which file system
Fan spins at night
Dual boot clock wrong
Sound stops in calls
Moving mail to home
Learning shell in a month
Photo library at home
Encrypted disk is slow
Remote desktop choices
Scanner for paper letters
Screen tears in videos
Updates broke my dock
Tiny server for family
Package held back
Lost my boot menu
Keyboard layout switch`,
    details: `It worked before the last update.
The log only says that it timed out.
The machine has four gigabytes of memory.
I would rather not install everything again.
It happens about twice a week.
I tried the two answers that I found.`,
    comments: `Look into the journal first
Turn off power saving for it
Boot the older kernel
That setting moved last year
Plain rsync does it for me
Check the cable before anything
A new battery fixed mine
Use the wired connection for now
Write down what you change
It is a known bug, wait a week`,
  },
];

/** How posts begin and end. */
export const OPENERS = [
  "I have been at this since January.",
  "A question for those with more practice.",
  "Sharing what I learned last week.",
  "This has bothered me for a while.",
  "Short report from my weekend.",
  "I searched the board and found nothing recent.",
];
export const CLOSINGS = [
  "What would you do?",
  "Any advice is welcome.",
  "Has anyone tried this?",
  "I will report back.",
  "Thanks for reading.",
  "Which one would you pick?",
];

/** Answers that fit anywhere. */
export const ANSWERS = [
  "Thanks, this helped a lot",
  "Same here since last autumn",
  "Do you have a picture",
  "I would not bother",
  "Great question, following",
  "How long did it take",
  "Works for me as well",
  "What did you pay for it",
  "Please tell us how it went",
  "I disagree, but nice idea",
  "Where did you buy it",
  "Good luck with it",
];

export const BIOS = [
  "Bakes on Sundays",
  "Repairs what others throw away",
  "Reads on trains",
  "Too many bicycles",
  "Grows tomatoes on a balcony",
  "Learning to whittle spoons",
  "Night owl with a camera",
  "Collects old radios",
  "Walks a lot, talks little",
  "Tea person in a coffee board",
  "Plays cello, badly",
  "Here for the recipes",
];

/** Subject and text of private messages. */
export const MAIL: [string, string][] = [
  ["Starter delivery", "I can bring the starter on Thursday at six."],
  ["Spare saddle", "The saddle is yours for twenty euros."],
  ["Seed swap list", "I have beans, chard and two kinds of basil."],
  ["Lens question", "Would you sell the old portrait lens?"],
  ["Radio parts", "The capacitor you need is 47 microfarad."],
  ["Book club", "We meet at the library on March 24."],
  ["Game night", "Bring a friend, we start at seven."],
  ["Night train", "Coach 12 is the quiet one."],
  ["Choir rehearsal", "Rehearsal moved to Wednesday."],
  ["Grinder repair", "The burrs cost 18 euros."],
  ["Clamp loan", "You can keep the clamps until May."],
  ["Backup script", "The script is in my home folder, backup.sh."],
  ["Thank you", "The rye recipe worked at the first try."],
  ["Photo walk", "We meet at the old harbour on Saturday."],
  ["Lost glove", "I found your glove after the ride."],
  ["Recipe request", "Could you send me the lemon tart recipe?"],
  ["Moderator vote", "Please vote on the new rule before Friday."],
  ["Ferry times", "The ferry leaves Kiel at 19:15."],
];

export const REPORT_REASONS = ["Spam", "Off topic", "Rude", "Duplicate"] as const;
