/**
 * @file What the approval of an item is worth at the gate: one action of the kind that its job declares (`does`), while the item is
 * under way. Everything else that cannot be taken back is asked about as ever.
 */

import type { EffectKind } from "../../core/effect.ts";
import type { Approver } from "../../safety/approval.ts";

export interface ItemGrants {
  /** To be given to the gate. */
  readonly approver: Approver;
  /** An approved item begins; the result ends it. */
  begin(kind: EffectKind, by: string): () => void;
}

/** `approve`: who is asked otherwise. */
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
