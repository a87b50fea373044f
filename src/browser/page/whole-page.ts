/**
 * @file What a document holds besides its text, in view or scrolled out of it: values of fields and addresses of links.
 */

import { isLaidOut, page } from "./native.ts";

/** Leaves out hidden and secret fields. */
export function wholePage(): { values: string[]; links: string[] } {
  if (page.empty) return { values: [], links: [] };
  const values = [...page.findAll("input, textarea, select")].filter(isLaidOut).flatMap(valuesOf);
  const links = [...page.findAll("a[href]")].flatMap((link) =>
    link instanceof HTMLAnchorElement && isLaidOut(link) ? [link.href] : [],
  );
  return { values, links };
}

const TYPED = /^(?:text|email|tel|number|search|url|date|month|time|datetime-local|week)$/;

function valuesOf(field: Element): string[] {
  if (field instanceof HTMLSelectElement) return [...field.selectedOptions].map(({ text }) => text);
  if (field instanceof HTMLTextAreaElement) return [field.value];
  return field instanceof HTMLInputElement && TYPED.test(field.type) ? [field.value] : [];
}
