/** @file Says in which value two objects of plain JSON differ first. */

/** `models.base was "a", now it is "b"`; `null` if nothing differs. Lists are compared as a whole. */
export function describeDifference(before: unknown, now: unknown, key = ""): string | null {
  if (isObject(before) && isObject(now)) {
    for (const name of new Set([...Object.keys(before), ...Object.keys(now)])) {
      const found = describeDifference(before[name], now[name], key === "" ? name : `${key}.${name}`);
      if (found !== null) return found;
    }
    return null;
  }
  const [was, is] = [before, now].map((value) => JSON.stringify(value) ?? "absent");
  return was === is ? null : `${key} was ${was}, now it is ${is}`;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
