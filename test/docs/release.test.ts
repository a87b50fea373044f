import { expect, test } from "vitest";
import { isLater, releaseChangelog } from "../../scripts/release/changelog.ts";

test("a release takes what is unreleased as its notes and leaves the rest as it is", () => {
  const before = "# Changelog\n\n## Unreleased\n\n- One.\n- Two.\n\n## 0.1.0 (2026-01-01)\n\n- Old.\n";
  const { changelog, notes } = releaseChangelog(before, "0.2.0", "2026-02-03");
  expect(notes).toBe("- One.\n- Two.\n");
  expect(changelog).toBe(
    "# Changelog\n\n## Unreleased\n\n## 0.2.0 (2026-02-03)\n\n- One.\n- Two.\n\n## 0.1.0 (2026-01-01)\n\n- Old.\n",
  );
  expect(() => releaseChangelog(changelog, "0.3.0", "2026-02-04")).toThrow("nothing stands under");
  expect(() => releaseChangelog(before, "0.1.0", "2026-02-04")).toThrow("0.1.0 already");
});

test("the first release keeps the end of the file", () => {
  expect(releaseChangelog("# C\n\n## Unreleased\n\n- One.\n", "0.1.0", "2026-02-03").changelog).toBe(
    "# C\n\n## Unreleased\n\n## 0.1.0 (2026-02-03)\n\n- One.\n",
  );
});

test("versions are ordered by number, not by letter", () => {
  expect([isLater("0.10.0", "0.9.9"), isLater("1.0.0", "0.99.0"), isLater("0.2.1", "0.2.0")]).toEqual([
    true,
    true,
    true,
  ]);
  expect([isLater("0.2.0", "0.2.0"), isLater("0.9.9", "0.10.0")]).toEqual([false, false]);
});
