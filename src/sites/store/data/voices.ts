/** @file What customers write: reviews by rating, and messages to the shop. `{kind}` is the kind of product. */

export interface ReviewText {
  title: string;
  text: string;
}

export const REVIEWS: Record<1 | 2 | 3 | 4 | 5, readonly ReviewText[]> = {
  5: [
    {
      title: "Exactly what I wanted",
      text: "I compared a dozen before I chose this {kind}, and I would choose it again.",
    },
    { title: "A joy every day", text: "My third month with the {kind} and it still feels new." },
    {
      title: "Better than the photos",
      text: "The colour is richer than on the screen. My sister ordered one too.",
    },
    {
      title: "Worth the money",
      text: "Not the cheapest {kind}, but the first one that did not disappoint me.",
    },
    {
      title: "Arrived a day early",
      text: "Packed without plastic and ahead of time. The {kind} is flawless.",
    },
    {
      title: "Solid work",
      text: "Nothing wobbles, nothing squeaks. This {kind} was made by people who care.",
    },
    {
      title: "Perfect gift",
      text: "Bought the {kind} for my father, who never likes anything. He likes it.",
    },
    {
      title: "Replaced two others",
      text: "I gave away two older ones after the first week with this {kind}.",
    },
  ],
  4: [
    {
      title: "Very good",
      text: "Does all it should. I took one star off because the manual is hard to read.",
    },
    { title: "Nearly perfect", text: "A lovely {kind}. I only wish it came in more colours." },
    { title: "Happy with it", text: "Good quality for the price, and the delivery was quick." },
    { title: "Good but heavy", text: "The {kind} is a bit heavier than I expected. Otherwise excellent." },
    { title: "Sturdy", text: "It has survived two children for half a year. That says enough." },
    {
      title: "Would buy again",
      text: "A small scratch on arrival, but the shop refunded part of it at once.",
    },
  ],
  3: [
    { title: "It is fine", text: "An ordinary {kind}. Neither good nor bad, it does the job." },
    { title: "Expected more", text: "For this price I hoped for a better finish on the edges." },
    { title: "Mixed feelings", text: "Looks great, but I had to read the instructions twice." },
    { title: "Smaller than I thought", text: "Check the measurements of the {kind} before you order." },
    { title: "Average", text: "My old {kind} was about as good and cost less." },
  ],
  2: [
    { title: "Disappointed", text: "The {kind} worked for two weeks and then needed a repair." },
    { title: "Not for me", text: "Uncomfortable to use for longer than ten minutes." },
    { title: "Colour is off", text: "On the page it looked darker. I keep it because returning is a chore." },
    { title: "Scratches easily", text: "After one week the {kind} looks a year old." },
  ],
  1: [
    { title: "Broken on arrival", text: "The box was fine but the {kind} inside was cracked." },
    { title: "Stopped working", text: "Dead after nine days. I asked for my money back." },
    { title: "Avoid", text: "The {kind} does not do what the page says." },
  ],
};

export const MESSAGE_SUBJECTS = [
  "Change of address",
  "Late delivery",
  "Question about warranty",
  "Copy of invoice",
  "Damaged parcel",
  "Gift wrapping",
  "Order for our office",
  "Cancel my order",
  "Thank you",
  "Wrong colour",
] as const;

export type MessageSubject = (typeof MESSAGE_SUBJECTS)[number];

/** `{order}`, `{product}`, `{street}`, `{city}`, `{postcode}` are filled in. */
export const MESSAGES: Record<MessageSubject, readonly string[]> = {
  "Change of address": [
    "Hello, I am moving this week. My new address is {street}, {city}, {postcode}. Please update my account.",
    "Please send everything to my new home from now on: {street}, {city}, {postcode}.",
  ],
  "Late delivery": [
    "Order {order} should have been here days ago. Where is it?",
    "I still wait for order {order}. Could you check with the carrier?",
  ],
  "Question about warranty": [
    "How long is the warranty of the {product}? Mine makes a noise.",
    "Does the warranty of the {product} cover wear?",
  ],
  "Copy of invoice": [
    "I need a copy of the invoice of order {order} for my tax papers.",
    "The invoice of order {order} was not in the box. Could you mail it?",
  ],
  "Damaged parcel": [
    "The parcel of order {order} came with a crushed corner. The {product} is dented.",
    "My {product} arrived with a crack. I have photos of it.",
  ],
  "Gift wrapping": [
    "Can you wrap the {product} as a gift, with a card?",
    "Order {order} is a birthday gift. Please leave out the prices.",
  ],
  "Order for our office": [
    "We would like twenty of the {product}. Is there a discount?",
    "Our company needs fifteen of the {product} by May. Can you do that?",
  ],
  "Cancel my order": [
    "I ordered the wrong thing. Please cancel order {order}.",
    "Plans have changed, please cancel order {order} if you still can.",
  ],
  "Thank you": [
    "The {product} is wonderful. Please tell the people who packed it.",
    "Thanks for the quick help with order {order}.",
  ],
  "Wrong colour": [
    "I ordered the {product} in another colour than I received.",
    "The {product} of order {order} is not the colour I chose.",
  ],
};
