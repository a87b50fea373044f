/** @file Comments on an issue or a merge request, below the form for another. */

import { shortDay } from "../dates.ts";
import { countNoun, type Ctx } from "../kit.tsx";
import { Button, Field } from "../ui.tsx";
import { currentUser } from "./context.tsx";
import type { Remark } from "./state.ts";

export function Remarks(props: { c: Ctx; path: string; remarks: Remark[]; error?: string }) {
  const { c, path, remarks, error } = props;
  return (
    <>
      {currentUser(c) && (
        <form method="post" action={`${path}/comment`} class="card">
          <Field label="Comment" name="text" type="textarea" rows={2} error={error} />
          <Button>Add comment</Button>
        </form>
      )}
      <h2>{countNoun(remarks.length, "comment")}</h2>
      {remarks.map((r) => (
        <div class="remark">
          <b>{r.author}</b>
          <p>{r.text}</p>
          <small>{shortDay(r.at)}</small>
        </div>
      ))}
    </>
  );
}
