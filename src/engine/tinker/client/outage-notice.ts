/** @file Reports once that a server does not answer and how long this waits for it, and once that it answers again. */

/** Milliseconds after which a server that has never answered is reported as silent. */
const SILENT_AFTER_MS = 1500;

export interface OutageNotice {
  begin(why: string): void;
  end(): void;
  /** A request is on its way until the returned function is called. */
  watch(): () => void;
}

/** `patienceMs`: how long to wait for a silent server. */
export function createOutageNotice(
  url: string,
  patienceMs: number,
  tell: (message: string) => void = () => {},
): OutageNotice {
  let wasHeard = false;
  let isDown = false;
  const begin = (why: string) => {
    if (isDown) return;
    isDown = true;
    const until = new Date(Date.now() + patienceMs).toTimeString().slice(0, 8);
    tell(`${url} does not answer (${why}); waiting for it until ${until}`);
  };
  return {
    begin,
    end: () => {
      wasHeard = true;
      if (isDown) tell(`${url} answers again`);
      isDown = false;
    },
    watch: () => {
      // Later, a server may be slow, or hold a poll.
      if (wasHeard) return () => {};
      const timer = setTimeout(() => begin("nothing came back so far"), SILENT_AFTER_MS);
      return () => clearTimeout(timer);
    },
  };
}
