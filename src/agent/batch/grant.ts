/**
 * @file What the approval of an item permits at the gate: one action of the kind that its job declares (`does`), while
 * the item is under way. The gate asks about every other irreversible action as usual.
 */

import type { EffectKind } from "../../core/effect.ts";
import type { Approver } from "../../safety/approval.ts";

export interface ItemGrants {
  /** Give this to the gate. */
  readonly approver: Approver;
  /** Begins an approved item; call the result to end it. */
  begin(kind: EffectKind, by: string): () => void;
}

/** `approve` is asked about everything else. */
export function itemGrants(approve: Approver | undefined): ItemGrants {
  let open: { kind: EffectKind; by: string } | null = null;
  return {
    begin: (kind, by) => {
      const mine = (open = { kind, by });
      return () => {
        if (open === mine) open = null;
      };
    },
    approver: async (question, signal) => {
      if (open?.kind === question.intent.effect) {
        const { by } = open;
        open = null;
        return { approved: true, by, note: "with the item of the batch" };
      }
      return approve
        ? approve(question, signal)
        : { approved: false, by: "nobody", note: "nobody is there to be asked" };
    },
  };
}
