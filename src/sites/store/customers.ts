/** @file What happens to customers, their addresses and their messages. Pure mutations, as in `orders.ts`. */

import { customerById } from "./queries.ts";
import { refuseUnless } from "./refusal.ts";
import {
  GROUPS,
  type Address,
  type Customer,
  type CustomerGroup,
  type Message,
  type SavedAddress,
  type StoreState,
} from "./state.ts";

function customerFor(state: StoreState, id: number): Customer {
  const customer = customerById(state, id);
  refuseUnless(customer, "There is no such customer.");
  return customer;
}

function checkAddress(address: Address): Address {
  const { street, city, postcode } = address;
  refuseUnless(street.trim() !== "", "Enter a street.", "street");
  refuseUnless(city.trim() !== "", "Enter a city.", "city");
  refuseUnless(/^\d{5}$/.test(postcode.trim()), "A postcode has five digits.", "postcode");
  return { street: street.trim(), city: city.trim(), postcode: postcode.trim() };
}

export interface Contact {
  email: string;
  phone: string;
}

function checkContact({ email, phone }: Contact): Contact {
  refuseUnless(/^[^\s@]+@[^\s@]+\.[a-z]+$/i.test(email.trim()), "Enter an email address.", "email");
  refuseUnless(/^[\d +-]{5,20}$/.test(phone.trim()), "Enter a phone number.", "phone");
  return { email: email.trim(), phone: phone.trim() };
}

export function saveContact(
  state: StoreState,
  customerId: number,
  contact: Contact & { newsletter: boolean },
): void {
  const customer = customerFor(state, customerId);
  Object.assign(customer, checkContact(contact), { newsletter: contact.newsletter });
}

/** What staff may change. */
export function saveCustomer(
  state: StoreState,
  customerId: number,
  form: Contact & { group: CustomerGroup },
): void {
  const customer = customerFor(state, customerId);
  refuseUnless(GROUPS.includes(form.group), "Choose a group.", "group");
  Object.assign(customer, checkContact(form), { group: form.group });
}

export function addAddress(
  state: StoreState,
  customerId: number,
  form: Address & { label: string },
): SavedAddress {
  const customer = customerFor(state, customerId);
  refuseUnless(form.label.trim() !== "", "Enter a name for the address.", "label");
  refuseUnless(
    !customer.addresses.some((a) => a.label.toLowerCase() === form.label.trim().toLowerCase()),
    "You already have an address with this name.",
    "label",
  );
  const address = { id: state.next.address, label: form.label.trim(), ...checkAddress(form) };
  state.next.address++;
  customer.addresses.push(address);
  return address;
}

/** Keeps its label. */
export function changeAddress(state: StoreState, customerId: number, addressId: number, form: Address): void {
  const address = customerFor(state, customerId).addresses.find((a) => a.id === addressId);
  refuseUnless(address, "There is no such address.");
  Object.assign(address, checkAddress(form));
}

export function deleteAddress(state: StoreState, customerId: number, addressId: number): void {
  const customer = customerFor(state, customerId);
  refuseUnless(customer.addresses.length > 1, "The last address cannot be deleted.");
  customer.addresses = customer.addresses.filter((a) => a.id !== addressId);
}

/** The default address comes first. */
export function makeDefaultAddress(state: StoreState, customerId: number, addressId: number): void {
  const customer = customerFor(state, customerId);
  const address = customer.addresses.find((a) => a.id === addressId);
  refuseUnless(address, "There is no such address.");
  customer.addresses = [address, ...customer.addresses.filter((a) => a !== address)];
}

/** How the contact form joins its order number and its text. */
export function contactBody(order: string, text: string): string {
  return order.trim() === "" ? text : `Order ${order.trim()}: ${text}`;
}

export function sendMessage(
  state: StoreState,
  customerId: number,
  form: { subject: string; body: string },
): Message {
  refuseUnless(form.subject.trim() !== "", "Choose a subject.", "subject");
  refuseUnless(form.body.trim() !== "", "Write a message.", "message");
  const message: Message = {
    id: state.next.message++,
    customerId,
    subject: form.subject.trim(),
    body: form.body.replaceAll("\r\n", "\n").trim(),
    at: state.now.slice(0, 10),
    status: "Open",
    replies: [],
  };
  state.messages.push(message);
  return message;
}

function messageFor(state: StoreState, id: number): Message {
  const message = state.messages.find((m) => m.id === id);
  refuseUnless(message, "There is no such message.");
  return message;
}

export function replyToMessage(state: StoreState, messageId: number, text: string): void {
  const message = messageFor(state, messageId);
  refuseUnless(text.trim() !== "", "Write a reply.", "reply");
  message.replies.push({ text: text.replaceAll("\r\n", "\n").trim(), at: state.now.slice(0, 10) });
  message.status = "Answered";
}

export function closeMessage(state: StoreState, messageId: number): void {
  messageFor(state, messageId).status = "Closed";
}
