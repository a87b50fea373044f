/**
 * @file Words by which buttons and addresses tell that something cannot be taken back. They are a net, not a proof: what a
 * site declares goes before them, and they err on the side of asking.
 */

import type { EffectKind } from "../core/effect.ts";

/**
 * What buttons say, in nine languages; whole words where the script has blanks. The kinds that come first win: a button that
 * deletes an order deletes.
 */
const LABELS: [kind: EffectKind, pattern: RegExp][] = [
  [
    "delete",
    words(
      "delete|remove|erase|destroy|purge|discard|unsubscribe|deactivate|terminate|revoke|wipe|trash|close (my |the |your )?account|empty (the )?(trash|bin|cart)|void|cancel (my |the |this |your )?(order|subscription|booking|reservation|account|plan|membership|contract|appointment)",
      "löschen|entfernen|kündigen|stornieren|vernichten|konto schließen|widerrufen|(bestellung|abo|buchung) abbrechen",
      "supprimer|effacer|retirer|résilier|se désabonner|désactiver|révoquer|annuler (la |ma |l'|le )?(commande|réservation|abonnement|compte)",
      "eliminar|borrar|quitar|suprimir|darse de baja|revocar|cancelar (el |la |mi |tu )?(pedido|reserva|suscripción|cuenta)",
      "elimina|eliminare|cancella|rimuovi|disdici|disattiva|annulla (l'|il |la )?(ordine|prenotazione|abbonamento)",
      "excluir|apagar|remover|deletar|cancelar (o |a )?(pedido|assinatura|conta)",
      "verwijderen|wissen|opzeggen|annuleer (de )?bestelling",
      "usuń|skasuj|anuluj (zamówienie|subskrypcję)|удалить|стереть|отменить (заказ|подписку)",
    ),
  ],
  ["delete", /删除|刪除|移除|注销|取消订单|削除|消去|退会|注文をキャンセル|삭제|탈퇴|주문 ?취소/u],
  [
    "pay",
    words(
      "pay|pays|payment|refund|donate|transfer|withdraw|top up|send money|tip|make (a )?payment|add funds",
      "bezahlen|zahlen|erstatten|überweisen|spenden|zahlungspflichtig (bestellen|buchen)",
      "payer|rembourser|régler|virer|faire un don",
      "pagar|reembolsar|donar|transferir|abonar",
      "paga|rimborsa|pagare|bonifico|dona",
      "doar|pagamento|betalen|overmaken|doneren",
      "zapłać|płacę|przelej|оплатить|перевести|заплатить",
    ),
  ],
  ["pay", /付款|退款|支付|转账|轉帳|捐款|支払う|送金|寄付|결제|송금|이체|기부/u],
  [
    "buy",
    words(
      "buy|order now|order and pay|place (my |the |your |this )?order|submit (my |the |your )?order|purchase|complete (my |the |your )?(order|purchase|checkout)|confirm (my |the |your |and )?(order|purchase|booking|reservation|buy|pay)|book now|book it|reserve|place bid|bid now|start (my |your )?(free )?trial|subscribe now|upgrade now|checkout now|confirm and (buy|pay|order|book)|one[- ]click",
      "kaufen|jetzt bestellen|bestellen|bestellung (abschicken|aufgeben|abschließen|bestätigen)|kostenpflichtig bestellen|buchen|reservieren|bieten",
      "acheter|commander|passer (la |ma |une )?commande|valider (la |ma )?commande|confirmer (la |ma |l')?(commande|achat|réservation)|réserver|enchérir",
      "comprar|realizar (el )?pedido|hacer (el )?pedido|confirmar (el |la |mi )?(pedido|compra|reserva)|finalizar (la )?compra|reservar|pujar",
      "acquista|compra|ordina|conferma (l'|il |la )?(ordine|acquisto|prenotazione)|prenota",
      "finalizar (a )?compra|fazer (o )?pedido|confirmar (a |o )?(compra|pedido)|kopen|bestelling plaatsen|boek nu",
      "kup|kupuję|zamawiam|złóż zamówienie|rezerwuj|купить|заказать|оформить заказ|забронировать",
    ),
  ],
  [
    "buy",
    /购买|購買|下单|下單|提交订单|立即订购|预订|注文する|注文を確定|購入|予約する|구매|주문하기|예약하기/u,
  ],
  [
    "sign",
    words(
      "sign|e-?sign|sign (and|&) (send|submit|accept)|i (agree|accept|consent)|accept (the |and |all )?(terms|offer|contract|agreement|conditions)|agree|consent|authori[sz]e|grant access",
      "unterschreiben|unterzeichnen|signieren|zustimmen|einwilligen|ich stimme zu",
      "signer|j'accepte|consentir|autoriser",
      "firmar|acepto|autorizar|firma|accetto|acconsento|assinar|aceito|ondertekenen|akkoord|podpisz|zgadzam się|подписать|согласен",
    ),
  ],
  ["sign", /签署|签字|同意|授权|署名する|同意する|서명|동의/u],
  [
    "publish",
    words(
      "publish|post|comment|tweet|go live|deploy|release|merge|add (a |my |your )?(review|comment|answer|post)|(submit|leave|write|send) (a |my |your )?(review|comment|rating)|make public|approve (review|comment|post)|unpublish",
      "veröffentlichen|posten|kommentieren|freigeben|bewertung (abgeben|schreiben|absenden)",
      "publier|poster|commenter|mettre en ligne|publicar|comentar|pubblica|commenta|publiceren|plaatsen|opublikuj|skomentuj|опубликовать|комментировать",
    ),
  ],
  ["publish", /发布|發佈|发表|评论|公開する|投稿|コメントする|게시|등록하기|댓글/u],
  [
    "send",
    words(
      "send|submit|reply|e-?mail|invite|apply|share|forward|answer|contact|notify|message|respond|request|report",
      "senden|absenden|abschicken|versenden|antworten|einladen|bewerben|teilen|weiterleiten|einreichen",
      "envoyer|soumettre|répondre|inviter|postuler|partager|transférer",
      "enviar|responder|invitar|compartir|reenviar|solicitar",
      "invia|inviare|rispondi|invita|condividi|inoltra|convidar|compartilhar|encaminhar",
      "verzenden|versturen|beantwoorden|uitnodigen|delen|wyślij|odpowiedz|zaproś|udostępnij|отправить|ответить|пригласить|поделиться",
    ),
  ],
  ["send", /发送|發送|提交|回复|邀请|分享|申请|送信|返信|招待|共有|보내기|전송|제출|답장|초대|공유/u],
];

/** `\b` knows ASCII only. */
function words(...languages: string[]): RegExp {
  return new RegExp(`(?<![\\p{L}\\p{M}\\d])(?:${languages.join("|")})(?![\\p{L}\\p{M}\\d])`, "iu");
}

/** What begins with such a word and is none: it opens a page, ends a session or looks for something. */
const HARMLESS = words(
  "sign (in|up|out|on)|log ?(in|out)|send me (a |the )?(code|link) again|search|filter|sort|apply (filters?|sorting|coupon|code)|post ?code|postal|pay attention|payment methods?|show|view|read|see|edit|remove (filters?|from (cart|basket|bag|wish ?list|favou?rites|comparison))|next|back|continue shopping|answered questions",
  "anmelden|registrieren|abmelden|suchen|filtern|filter anwenden|anzeigen",
  "se connecter|s'inscrire|rechercher|filtrer|iniciar sesión|buscar|accedi|cerca|entrar|inloggen|zoeken|zaloguj|szukaj|войти|найти",
);

/** A button says what it does in few words. */
const LONGEST_LABEL = 80;

/** What buttons with these names do, as far as words tell; the gravest of them. */
export function effectOfLabels(names: readonly string[]): EffectKind | null {
  const found = names
    .filter((name) => name.length <= LONGEST_LABEL)
    .map((name) =>
      name
        .normalize("NFKC")
        .replace(/[\p{Cf}\u00AD]/gu, "")
        .replace(/[’`]/g, "'"),
    )
    .flatMap((name) => {
      const rest = name.replace(new RegExp(HARMLESS.source, "giu"), " ");
      const rank = LABELS.findIndex(([, pattern]) => pattern.test(rest));
      return rank < 0 ? [] : [rank];
    });
  return found.length === 0 ? null : LABELS[Math.min(...found)]![0];
}

/** Words of addresses and of the names of operations: `deletePost`, `/order/place`, `?action=delete`. */
const OPERATIONS: [kind: EffectKind, words: ReadonlySet<string>][] = [
  [
    "delete",
    new Set(
      "delete deleted del destroy remove erase purge discard unsubscribe deactivate terminate revoke wipe trash drop cancel void unpublish".split(
        " ",
      ),
    ),
  ],
  [
    "pay",
    new Set(
      "pay payment payments refund refunds charge donate donation donations transfer transfers withdraw payout payouts capture".split(
        " ",
      ),
    ),
  ],
  [
    "buy",
    new Set(
      "buy purchase purchases checkout order orders book booking bookings reservation reservations bid bids".split(
        " ",
      ),
    ),
  ],
  ["sign", new Set("sign signature signatures esign agree consent consents authorize authorise".split(" "))],
  [
    "publish",
    new Set(
      "publish post posts comment comments review reviews tweet deploy release releases merge".split(" "),
    ),
  ],
  [
    "send",
    new Set(
      "send sent mail email message messages reply replies invite invites invitation invitations contact submit apply application applications forward share notify report".split(
        " ",
      ),
    ),
  ],
];

/** What takes its verb back: to sign in signs nothing. */
const QUIET =
  /sign[-_ ]?(in|up|out|on)|log[-_ ]?(in|out)|cart|basket|wish-?list|search|filter|suggest|preview|draft|autosave|validate|estimate|quote|unread|seen|token|refresh/i;

const wordsOf = (text: string): string[] =>
  text
    .replace(/([\p{Ll}\d])(\p{Lu})/gu, "$1 $2")
    .toLowerCase()
    .split(/[^\p{L}]+/u)
    .filter((word) => word !== "");

/** What a request does, as far as the words of its address and of its operation tell. The last word that tells has the say. */
export function effectOfAddress(path: string, operations: readonly string[]): EffectKind | null {
  const find = (word: string) => OPERATIONS.find(([, words]) => words.has(word))?.[0] ?? null;
  for (const operation of operations) {
    if (QUIET.test(operation)) continue;
    for (const word of wordsOf(operation)) {
      const kind = find(word);
      if (kind) return kind;
    }
  }
  const segments = path.split("/").filter((segment) => segment !== "");
  for (const segment of segments.toReversed()) {
    if (QUIET.test(segment)) return null;
    for (const word of wordsOf(segment)) {
      const kind = find(word);
      if (kind) return kind;
    }
  }
  return null;
}

/** A whole segment, or the value of a parameter that names an operation: a product called "delete key" is none. */
const GET_VERBS =
  /^(?:delete|destroy|remove|erase|purge|unsubscribe|deactivate|terminate|revoke|trash|cancel|refund|pay|buy|purchase|place-?order|publish|send|approve|sign)(?:\.\w+)?$/i;
const OPERATION_PARAMETER =
  /^(?:action|act|do|op|operation|cmd|command|method|_method|task|event|verb|fn|func)$/i;

/** What opening an address does, as far as its words tell. */
export function effectOfReading(url: URL): EffectKind | null {
  const segments = url.pathname.split("/").map((segment) => decode(segment));
  const quiet = segments.some((segment) => QUIET.test(segment));
  const verbs = quiet ? [] : segments.filter((segment) => GET_VERBS.test(segment));
  for (const [name, value] of url.searchParams) {
    if (OPERATION_PARAMETER.test(name) && !QUIET.test(value)) verbs.push(...wordsOf(value));
    else if (GET_VERBS.test(name)) verbs.push(name);
  }
  for (const verb of verbs.filter((word) => GET_VERBS.test(word))) {
    const kind = effectOfAddress("", [verb]);
    if (kind) return kind;
  }
  return null;
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
