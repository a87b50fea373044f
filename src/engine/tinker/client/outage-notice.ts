/** @file Says once that a server does not answer and until when it is waited for, and once that it answers again. */

/** Milliseconds after which a server that was never heard of is said to be silent. */
const SILENT_AFTER_MS = 1500;

export interface OutageNotice {
  begin(why: string): void;
  end(): void;
  /** While the returned function was not called, a request is on its way. */
  watch(): () => void;
}

/** `patienceMs`: how long a silent server is waited for. */
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
      // Later on a server may be slow, or hold a poll.
      if (wasHeard) return () => {};
      const timer = setTimeout(() => begin("nothing came back so far"), SILENT_AFTER_MS);
      return () => clearTimeout(timer);
    },
  };
}
