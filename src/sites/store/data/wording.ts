/** @file Short texts that tasks ask the agent to type. */

export const NEW_STREETS = [
  "12 Lantern Lane",
  "7 Foundry Row",
  "88 Seaview Road",
  "31 Beech Close",
  "5 Abbey Court",
  "19 Ferry Street",
  "64 Poplar Grove",
  "3 Windmill Lane",
  "27 Silver Street",
  "42 Copper Hill",
  "15 Rectory Road",
  "9 Weaver Yard",
  "76 Meadow Rise",
  "23 Temple Gate",
  "11 Cooper Wharf",
  "58 Heather View",
  "36 Juniper Way",
] as const;

export const NEW_TOWNS = [
  ["Bristol", "20418"],
  ["Lakewood", "31562"],
  ["Ashford", "52207"],
  ["Milton", "63391"],
  ["Riverside", "81745"],
  ["Kingsport", "15680"],
  ["Fairview", "26934"],
  ["Oakdale", "38119"],
  ["Westbury", "90473"],
] as const satisfies readonly (readonly [city: string, postcode: string])[];

export const ADDRESS_NAMES = ["Office", "Cabin", "Studio", "Workshop", "Sister", "Garage", "Club"] as const;

export const REVIEW_TITLES = [
  "Great value",
  "Love it",
  "Too small",
  "Works well",
  "Not as shown",
  "Very sturdy",
  "Nice colour",
  "Arrived late",
  "Best purchase",
  "Feels cheap",
  "Just right",
  "A bit loud",
] as const;

export const NOTES = [
  "Called the customer",
  "Leave at the door",
  "Gift, no invoice",
  "Address checked",
  "Waiting for payment",
  "Fragile, pack twice",
  "Ship on Friday",
  "Customer will pick up",
] as const;

export const REPLIES = [
  "Thank you, we will look into it.",
  "It is on its way.",
  "Done, have a nice day.",
  "Please send us a photo.",
  "We are sorry for the trouble.",
  "A colleague will call you.",
] as const;

export const QUESTIONS = [
  "Where is my parcel?",
  "Please send the invoice again.",
  "Can you deliver on Saturday?",
  "The box was open.",
  "Can I change the colour?",
  "Please call me back.",
  "Is it too late to add a gift card?",
  "One item is missing.",
] as const;

export const PAGE_TITLES = [
  "Black Friday",
  "Moving house guide",
  "Winter tyres and tents",
  "Lamp recycling day",
  "Gift ideas",
  "New workshop hours",
  "Care of leather",
  "Care of copper",
  "Coffee tasting",
  "Garden day",
  "Meet the makers",
  "Parking",
  "Delivery on islands",
  "Price promise",
  "Camping checklist",
  "Office plants",
  "Sound room",
  "Summer sale",
] as const;

export const PAGE_TEXTS = [
  "More about this soon.",
  "Ask at the counter for details.",
  "Every Saturday from 10 am.",
  "Only while stocks last.",
  "Write to us if you have questions.",
  "Valid until the end of May.",
] as const;

export const NEW_PRODUCTS = [
  ["Alder candle holder", "Lighting"],
  ["Hearth bread oven", "Kitchen"],
  ["Nordby wall shelf", "Furniture"],
  ["Tempo alarm clock", "Audio"],
  ["Quill pencil case", "Office"],
  ["Summit rain jacket", "Outdoor"],
  ["Fern hand rake", "Garden"],
  ["Voyager shoe bag", "Travel"],
  ["Marlow soup ladle", "Kitchen"],
  ["Halo bath light", "Lighting"],
  ["Linden foot stool", "Furniture"],
  ["Clarion wall radio", "Audio"],
  ["Atlas cable box", "Office"],
  ["Cedar picnic mat", "Outdoor"],
  ["Thistle hand fork", "Garden"],
  ["Drift neck wallet", "Travel"],
  ["Tavola butter dish", "Kitchen"],
  ["Oakhurst coat rack", "Furniture"],
  ["Draft desk pad", "Office"],
  ["Bramble seed box", "Garden"],
  ["Cabin sleep mask", "Travel"],
  ["Ridge tent lamp", "Outdoor"],
  ["Wavelet door bell", "Audio"],
  ["Fenwick shelf light", "Lighting"],
] as const satisfies readonly (readonly [name: string, category: string])[];

/** Questions that the help pages answer: topic, question, answers that count. */
export const POLICY_QUESTIONS: readonly (readonly [
  topic: string,
  question: string,
  answers: readonly string[],
])[] = [
  ["Returns", "Within how many days after delivery can I return an item?", ["30", "30 days"]],
  ["Returns", "Within how many working days is a return refunded?", ["5", "5 working days", "5 days"]],
  ["Shipping", "How many working days does standard shipping take?", ["4", "4 working days", "4 days"]],
  ["Shipping", "What does express shipping cost?", ["$12.00"]],
  ["Shipping", "From which town are orders shipped?", ["Kingsport"]],
  ["Warranty", "About how many days do repairs under warranty take?", ["14", "14 days"]],
  ["Payment", "Within how many days must a bank transfer arrive?", ["7", "7 days"]],
  ["Gift cards", "How many years does a gift card stay valid?", ["3", "3 years"]],
  ["Gift cards", "What is the largest amount of a gift card?", ["$250.00"]],
  ["Opening hours", "On which day is the shop closed?", ["Sunday", "Sundays", "On Sundays", "On Sunday"]],
  ["Opening hours", "At what time does the shop open?", ["9 am", "9am", "9"]],
  ["Repairs", "How much does a repair quote cost?", ["$15.00"]],
  ["Wholesale", "What percentage do companies get off for 10 pieces?", ["12", "12 percent", "12%"]],
  ["Privacy", "For how many months after the last order is an address kept?", ["6", "6 months"]],
  ["Careers", "How many people are wanted for the warehouse?", ["2", "2 people"]],
  ["About us", "In which year did the shop begin?", ["2009", "In 2009"]],
  ["About us", "How many people work at the shop?", ["34", "34 people"]],
  ["Student discount", "What percentage do students get off?", ["8", "8 percent", "8%"]],
];
