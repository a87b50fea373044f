/**
 * @file Words in addresses and names of operations that suggest something irreversible. As with buttons (`words.ts`),
 * they are a safety net and not a proof.
 */

import type { EffectKind } from "../core/effect.ts";

/** Words of addresses and of the names of operations: `deletePost`, `/order/place`, `?action=delete`. */
const OPERATIONS: [kind: EffectKind, words: ReadonlySet<string>][] = [
  [
    "delete",
    new Set(
      "delete deleted del destroy remove erase purge discard unsubscribe deactivate terminate revoke wipe trash drop cancel void unpublish loeschen löschen entfernen kündigen kuendigen stornieren supprimer effacer résilier eliminar borrar eliminare elimina cancella excluir apagar verwijderen usun usuń удалить".split(
        " ",
      ),
    ),
  ],
  [
    "pay",
    new Set(
      "pay payment payments refund refunds charge donate donation donations transfer transfers withdraw payout payouts capture bezahlen zahlen zahlung überweisen ueberweisen payer paiement virement pagar pago pagamento betalen zaplac zapłać оплатить".split(
        " ",
      ),
    ),
  ],
  [
    "buy",
    new Set(
      "buy purchase purchases checkout order orders book booking bookings reservation reservations bid bids kaufen bestellen bestellung bestellungen buchen acheter commander commande commandes comprar compra pedido pedidos acquista ordina ordine ordini kopen kup zamow zamów купить заказать".split(
        " ",
      ),
    ),
  ],
  ["sign", new Set("sign signature signatures esign agree consent consents authorize authorise".split(" "))],
  [
    "publish",
    new Set(
      "publish post posts comment comments review reviews tweet deploy release releases merge veroeffentlichen veröffentlichen publier publicar pubblica opublikuj".split(
        " ",
      ),
    ),
  ],
  [
    "send",
    new Set(
      "send sent senden absenden envoyer enviar invia verzenden wyslij wyślij отправить mail email message messages reply replies invite invites invitation invitations contact submit apply application applications forward share notify report".split(
        " ",
      ),
    ),
  ],
];

/**
 * Words that make their noun, or a deletion, harmless: signing in signs nothing, and removing from a cart deletes
 * nothing.
 */
const QUIET =
  /sign[-_ ]?(in|up|out|on)|log[-_ ]?(in|out)|cart|basket|wish-?list|search|filter|suggest|preview|draft|autosave|validate|estimate|quote|unread|seen|token|refresh/i;

/** Verbs that count even beside such a word: `publishDraft`, `payCart`. */
const LOUD = new Set(
  "pay refund transfer withdraw donate buy purchase publish unpublish deploy send".split(" "),
);

/** Verbs only: pages named by nouns (`orders`, `payments`) may just be for reading. */
const VERBS =
  /^(?:delete|destroy|remove|erase|purge|unsubscribe|deactivate|terminate|revoke|trash|cancel|refund|pay|buy|purchase|place-?order|publish|send|approve|sign)$/i;
export const isVerb = (word: string): boolean => VERBS.test(word);

/** A verb written in one word with its object: `deleteaccount`. */
const JOINED =
  /^(delete|destroy|remove|erase|purge|deactivate|terminate|revoke|trash|cancel|refund|pay|buy|purchase|place|publish|send)(.+)$/;

const wordsOf = (text: string): string[] =>
  text
    .replace(/([\p{Ll}\d])(\p{Lu})/gu, "$1 $2")
    .replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, "$1 $2")
    .toLowerCase()
    .split(/[^\p{L}]+/u)
    .filter((word) => word !== "")
    .flatMap((word) => {
      const [, verb, thing] = JOINED.exec(word) ?? [];
      return verb !== undefined && THINGS.test(thing!) ? [verb, thing!] : [word];
    });

const kindOf = (word: string) => OPERATIONS.find(([, words]) => words.has(word))?.[0] ?? null;

/** The effect of the first telling word. */
function effectOfWords(text: string): EffectKind | null {
  const isQuiet = QUIET.test(text);
  for (const word of wordsOf(text)) {
    const kind = isQuiet && !LOUD.has(word) ? null : kindOf(word);
    if (kind) return kind;
  }
  return null;
}

/** What a request does, according to the words of its address and its operation. The last telling word decides. */
export function effectOfAddress(path: string, operations: readonly string[]): EffectKind | null {
  for (const operation of operations) {
    // A request may contain requests with their own addresses.
    const kind = operation.includes("/") ? effectOfAddress(operation, []) : effectOfWords(operation);
    if (kind) return kind;
  }
  let wasQuiet = false;
  for (const segment of path.split("/").toReversed()) {
    const kind = effectOfWords(segment);
    // With a word that makes nouns harmless (`/orders/preview`), only a verb counts.
    if (kind && (!wasQuiet || wordsOf(segment).some(isVerb))) return kind;
    wasQuiet ||= QUIET.test(segment);
  }
  return null;
}

const OPERATION_PARAMETER =
  /^(?:action|act|do|op|operation|operationName|cmd|command|mode|a|method|_method|task|event|verb|fn|func)$/i;
/** What people delete, as programs write it. */
const THINGS =
  /^(?:accounts?|users?|profile|members?|items?|orders?|posts?|comments?|reviews?|messages?|mails?|files?|pages?|records?|entry|entries|rows?|all|everything|subscriptions?|bookings?|reservations?|products?|addresses|address|cards?|events?|projects?|repos?|issues?|tickets?|tasks?|notes?|images?|photos?|payments?|now|confirm|confirmed|me|my|by|id|it)$/;
const MONEY_VERBS = /^(?:transfer|withdraw|donate|charge|payout|payment|checkout|order|bid)$/i;

/** What opening an address does, according to its words. `withAmount`: it contains a sum. */
export function effectOfReading(url: URL, withAmount = false): EffectKind | null {
  const segments = url.pathname.split("/").map(decode);
  const quiet = segments.some((segment) => QUIET.test(segment));
  const verbs = quiet ? [] : segments.flatMap((segment) => verbsOfSegment(segment, withAmount));
  for (const [name, value] of url.searchParams) {
    if (OPERATION_PARAMETER.test(name) && !QUIET.test(value)) verbs.push(...wordsOf(value).filter(isVerb));
    else if (isVerb(name)) verbs.push(name.toLowerCase());
  }
  for (const verb of verbs) {
    const kind = effectOfAddress("", [verb]);
    if (kind) return kind;
  }
  return null;
}

/**
 * `delete`, `delete.php`, `3:delete`, `deleteAccount`, `delete_item`, `delete-account`. But not a title, such as that
 * of a product called `delete-key-cover`.
 */
function verbsOfSegment(segment: string, withAmount: boolean): string[] {
  const parts = segment
    .trim()
    .split(/[^\p{L}\p{N}_-]+/u)
    .filter((part) => part !== "");
  return parts.flatMap((part) => {
    if (isVerb(part) || (withAmount && MONEY_VERBS.test(part))) return part.toLowerCase();
    const words = wordsOf(part);
    const isName = /\p{Ll}\p{Lu}|_/u.test(part) && !part.includes("-");
    const [verb, ...rest] = words;
    return verb !== undefined &&
      isVerb(verb) &&
      rest.length > 0 &&
      (isName || rest.every((word) => THINGS.test(word)))
      ? verb
      : [];
  });
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
