import { expect, test } from "vitest";
import { z } from "zod";
import { describeIssue } from "./describe-issue.ts";

const schema = z.strictObject({
  sites: z.array(z.enum(["shop", "forum"])),
  steps: z.int().min(1).max(9).optional(),
  share: z.number().gt(0).optional(),
  name: z.string().min(2).optional(),
});

test.each([
  [{ sites: ["shap"] }, 'sites.0: must be one of "shop", "forum", found "shap"; the nearest is "shop"'],
  [{}, "sites: must be an array, found nothing"],
  [null, "the whole: must be an object, found null"],
  [{ sites: [], steps: 0 }, "steps: must be at least 1, found 0"],
  [{ sites: [], steps: 10 }, "steps: must be at most 9, found 10"],
  [{ sites: [], steps: 1.5 }, "steps: must be an integer, found 1.5"],
  [{ sites: [], share: 0 }, "share: must be above 0, found 0"],
  [{ sites: [], name: "x" }, 'name: Too small: expected string to have >=2 characters, found "x"'],
  [{ sites: [], colour: 1 }, 'the whole: Unrecognized key: "colour"'],
  [{ sites: "x".repeat(200) }, `sites: must be an array, found "${"x".repeat(79)}`],
  [
    { sites: `ws://somebody:${"k3y".repeat(40)}@host.test/path?token=t0k3n` },
    'sites: must be an array, found "ws://host.test/path"',
  ],
])("%j", (raw, said) => {
  const { error } = schema.safeParse(raw);
  expect(describeIssue(error!.issues[0]!, raw)).toBe(said);
});
