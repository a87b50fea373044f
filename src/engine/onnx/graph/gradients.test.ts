import { describe, expect, test } from "vitest";

import { caseNames, fixtures, runCase, worstDifference } from "../fixtures-grad/cases.ts";

test("every operator of the fixture has a case and every case a fixture", () => {
  expect(caseNames.toSorted()).toEqual(Object.keys(fixtures).toSorted());
});

describe("operators and their gradients agree with PyTorch's autograd", () => {
  for (const name of caseNames)
    test(name, async () => {
      const { y, gradients } = await runCase(name, "cpu");
      const fixture = fixtures[name]!;
      expect(worstDifference(y, fixture.y), "y").toBeLessThan(3e-6);
      for (const [key, gradient] of Object.entries(fixture.gradients))
        expect(worstDifference(gradients[key]!, gradient), `gradient of ${key}`).toBeLessThan(5e-6);
    });
});

describe("gradients agree with finite differences", () => {
  for (const name of caseNames)
    test(name, async () => {
      const fixture = fixtures[name]!;
      const result = await runCase(name, "cpu");
      const step = 2 ** -7;
      const loss = (y: Float32Array) =>
        y.reduce((sum, value, i) => sum + value * fixture.cotangent.data[i]!, 0);
      for (const key of Object.keys(fixture.gradients)) {
        const at = Float32Array.from(fixture.inputs[key]!.data);
        const numeric: number[] = [];
        for (let i = 0; i < at.length; i++) {
          const shifted = async (by: number) =>
            loss(await result.evaluate({ [key]: at.with(i, at[i]! + by) }));
          // Fourth-order central difference: the error of f32 and that of the formula are both about 1e-4.
          const near = (await shifted(step)) - (await shifted(-step));
          const far = (await shifted(2 * step)) - (await shifted(-2 * step));
          numeric.push((8 * near - far) / (12 * step));
        }
        expect(worstDifference(result.gradients[key]!, numeric), `gradient of ${key}`).toBeLessThan(2e-3);
      }
    });
});
