/** @file Pages of the shop's content management, as written by the shop. */

export interface PageText {
  title: string;
  body: string;
  published: boolean;
}

const page = (title: string, body: string, published = true): PageText => ({ title, body, published });

export const PAGES: readonly PageText[] = [
  page(
    "Returns",
    "You can return an item within 30 days after delivery. Open the order, choose Return items and give a reason. We refund the price within 5 working days.",
  ),
  page(
    "Shipping",
    "Standard shipping costs $5.00 and takes 4 working days. Express shipping costs $12.00 and takes 1 working day. We ship from Kingsport.",
  ),
  page(
    "Warranty",
    "Every product has a warranty of at least 1 year. Its length is on the product page, under Details. Repairs take about 14 days.",
  ),
  page(
    "Payment",
    "We accept cards, bank transfer and gift cards. Bank transfers must arrive within 7 days, or the order is canceled.",
  ),
  page(
    "Gift cards",
    "Gift cards are sold from $20.00 to $250.00 and stay valid for 3 years. They cannot be returned.",
  ),
  page(
    "Opening hours",
    "The shop in Kingsport is open from Monday to Saturday, 9 am to 6 pm. On Sundays it is closed.",
  ),
  page(
    "Repairs",
    "Bring what is broken to our workshop, or send it. A quote costs $15.00, which we take off the bill.",
  ),
  page(
    "Wholesale",
    "Companies that order 10 pieces or more get 12 percent off. Write to us with the subject Order for our office.",
  ),
  page("Privacy", "We keep your address for 6 months after your last order. We never sell it."),
  page("Recycling", "We take back old lamps, kettles and headphones for free. Bring them to the counter."),
  page("Careers", "We look for 2 people for the warehouse in Kingsport. Pay starts at $21.00 an hour."),
  page("About us", "We began in 2009 with one table on the Kingsport market. Today we are 34 people."),
  page(
    "Student discount",
    "Students get 8 percent off with a valid card. The discount does not add to others.",
  ),
  page(
    "Spring sale",
    "From 1 April all garden products are 15 percent off. The sale ends on 14 April.",
    false,
  ),
  page("Summer opening hours", "In July and August the shop closes at 4 pm on Saturdays.", false),
  page("Holiday schedule", "Orders placed after 20 December ship in January.", false),
  page("Care of oak", "Oil oak furniture twice a year. Wipe up water at once.", false),
  page("Care of cast iron", "Dry cast iron on the stove and rub it with a little oil.", false),
  page("Choosing a tent", "Count the people, add one, and check the weight.", false),
  page("Knife sharpening day", "On the first Friday of May we sharpen knives for free.", false),
  page("Loyalty points", "Every dollar earns one point. A hundred points are worth $4.00.", false),
  page("Press", "Photos and texts for journalists. Ask Sam Carter for more.", false),
  page("Store map", "The counter is on the left, the workshop behind the stairs.", false),
  page("Size guide", "How to measure your desk, your door and your mattress.", false),
];
