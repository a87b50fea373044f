/** @file What pages are shown in: the size of the window, the language and the clock. A run's configuration has them under `browser`. */

import { z } from "zod";
import { DEFAULT_BROWSER } from "./trajectory.ts";

const isLocale = (tag: string): boolean => {
  try {
    return Intl.getCanonicalLocales(tag).length === 1;
  } catch {
    return false;
  }
};

const isTimezone = (name: string): boolean => {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    // Offsets such as +02:00, which newer versions of Node take, are none of a browser's.
    return /^[a-z]/i.test(name);
  } catch {
    return false;
  }
};

export const browserSettingsSchema = z.strictObject({
  width: z
    .int()
    .min(320)
    .max(3840)
    .default(DEFAULT_BROWSER.width)
    .describe("Width of the window that pages see, in pixels."),
  height: z.int().min(240).max(2160).default(DEFAULT_BROWSER.height).describe("Its height."),
  locale: z
    .string()
    .refine(isLocale, "must be a language tag such as en-US or de-DE")
    .default(DEFAULT_BROWSER.locale)
    .describe("Language that sites are told, and that numbers and dates are written in by their scripts."),
  timezone: z
    .string()
    .refine(isTimezone, "must be a time zone such as UTC or Europe/Berlin")
    .default(DEFAULT_BROWSER.timezone)
    .describe("Time zone that pages see."),
});
