/** @file What happens to the pages of the shop's content management. Pure mutations, as in `orders.ts`. */

import { slugOf } from "./format.ts";
import { refuseUnless } from "./refusal.ts";
import type { ContentPage, StoreState } from "./state.ts";

export interface PageForm {
  title: string;
  body: string;
}

export function pageById(state: StoreState, id: number): ContentPage | undefined {
  return state.pages.find((p) => p.id === id);
}

function pageFor(state: StoreState, id: number): ContentPage {
  const page = pageById(state, id);
  refuseUnless(page, "There is no such page.");
  return page;
}

function checkForm(state: StoreState, form: PageForm, id: number | null) {
  const title = form.title.trim();
  refuseUnless(slugOf(title) !== "", "Enter a title.", "title");
  const taken = state.pages.some((p) => p.id !== id && p.slug === slugOf(title));
  refuseUnless(!taken, "Another page has this title.", "title");
  return { title, slug: slugOf(title), body: form.body.replaceAll("\r\n", "\n").trim() };
}

/** Starts as a draft. */
export function createPage(state: StoreState, form: PageForm): ContentPage {
  const values = checkForm(state, form, null);
  const page: ContentPage = {
    id: state.next.page++,
    ...values,
    status: "Draft",
    updated: state.now.slice(0, 10),
  };
  state.pages.push(page);
  return page;
}

export function savePage(state: StoreState, pageId: number, form: PageForm): void {
  const page = pageFor(state, pageId);
  Object.assign(page, checkForm(state, form, pageId), { updated: state.now.slice(0, 10) });
}

/** The customers see it. */
export function publishPage(state: StoreState, pageId: number): void {
  const page = pageFor(state, pageId);
  page.status = "Published";
  page.updated = state.now.slice(0, 10);
}

export function unpublishPage(state: StoreState, pageId: number): void {
  const page = pageFor(state, pageId);
  page.status = "Draft";
  page.updated = state.now.slice(0, 10);
}

export function deletePage(state: StoreState, pageId: number): void {
  const page = pageFor(state, pageId);
  refuseUnless(page.status === "Draft", "Unpublish the page first.");
  state.pages.splice(state.pages.indexOf(page), 1);
}
