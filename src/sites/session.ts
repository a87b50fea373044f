/** @file A session of the forum, the forge or the map, as the state stores it. */

import type { FlashMessage } from "./ui.tsx";

/** Only somebody who is signed in has one. The next page shows `flash`, once. */
export interface AccountSession {
  user: string;
  flash?: FlashMessage;
}
