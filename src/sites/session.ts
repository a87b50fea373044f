/** @file A session of the forum, the forge or the map, as the state stores it. */

import type { FlashMessage } from "./ui.tsx";

/** Of somebody who is signed in; who is not has none. `flash` is shown on the next page, once. */
export interface AccountSession {
  user: string;
  flash?: FlashMessage;
}
