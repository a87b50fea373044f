/** The kits of task sources, on a suite of the package, in its browser. */
import { loadSuite } from "webrl";
import { runRules, siteRules, suiteRules } from "webrl/testing";

const suite = await loadSuite("built-in");
const [task] = suite.tasks({ template: "storefront.product-price" });
const solve = (pages) => {
  const oracle = suite.oracleFor(task, pages[0]);
  let next = oracle.next();
  for (const page of pages.slice(1)) next = oracle.next(page);
  return next.value;
};
const rules = [
  ...suiteRules({ load: async () => loadSuite("built-in") }),
  ...siteRules({ create: async () => suite.createSite(), task, solve }),
];
const broken = await runRules(rules);
process.stdout.write(
  JSON.stringify({ rules: rules.length, broken: broken.map(({ name, error }) => [name, String(error)]) }),
);
