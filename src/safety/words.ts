/**
 * @file Words on buttons that suggest something irreversible. They are a safety net and not a proof: a site's
 * declarations take precedence, and the words err on the side of asking. Words of addresses are in `address-words.ts`.
 */

import type { EffectKind } from "../core/effect.ts";

/**
 * What buttons say, in some thirty languages, most complete in the first nine; whole words if the script has blanks.
 * Earlier kinds win: a button that deletes an order deletes.
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
  ["delete", parts("删除|刪除|移除|注销|取消订单|削除|消去|退会|注文をキャンセル|삭제|탈퇴|주문 ?취소")],
  [
    "delete",
    words(
      "sil|kaldır|ta bort|radera|slet|slett|fjern|poista|smazat|odstranit|zmazať|törlés|törlöm|șterge|sterge|izbriši|obriši|ištrinti|dzēst|kustuta",
      "διαγραφή|видалити|изтрий|обриши|hapus|xóa|xoá",
    ),
  ],
  // In Spanish and Italian, `del` occurs in most texts; `Order` is part of many labels.
  ["delete", /^\W*del\W*$/iu],
  ["delete", parts("حذف|إلغاء الطلب|מחק|מחיקה|हटाएं|हटाएँ|मिटाएं|ลบ|🗑|🚮")],
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
  ["pay", parts("付款|退款|支付|转账|轉帳|捐款|支払う|送金|寄付|결제|송금|이체|기부")],
  [
    "pay",
    words(
      "öde|ödeme yap|betala|betal|maksa|zaplatit|zaplatiť|fizetés|fizetek|plătește|plateste|plati|mokėti|maksā",
      "πληρωμή|πληρώστε|сплатити|плати|bayar|thanh toán",
    ),
  ],
  ["pay", parts("ادفع|الدفع|שלם|תשלום|भुगतान|ชำระเงิน|จ่าย|💳|💸")],
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
    parts(
      "购买|購買|下单|下單|提交订单|立即订购|预订|注文する|注文を確定|購入|予約する|구매|주문하기|예약하기",
    ),
  ],
  [
    "buy",
    words(
      "satın al|sipariş ver|köp|köp nu|beställ|køb|kjøp|bestill|osta|tilaa|koupit|objednat|kúpiť|vásárlás|megrendel|megrendelem|cumpără|cumpara|comandă|kupi|naruči",
      "αγορά|αγοράστε|παραγγελία|купити|замовити|купи|поръчай|beli|pesan sekarang|mua|mua ngay|đặt hàng",
    ),
  ],
  ["buy", /^\W*order\W*$/iu],
  ["buy", parts("شراء|اشتر|اطلب الآن|קנה|הזמן|खरीदें|ऑर्डर करें|ซื้อ|สั่งซื้อ")],
  [
    "sign",
    words(
      "sign|e-?sign|sign (and|&) (send|submit|accept)|i (agree|accept|consent)|accept (the |and |all )?(terms|offer|contract|agreement|conditions)|agree|consent|authori[sz]e|grant access",
      "unterschreiben|unterzeichnen|signieren|zustimmen|einwilligen|ich stimme zu",
      "signer|j'accepte|consentir|autoriser",
      "firmar|acepto|autorizar|firma|accetto|acconsento|assinar|aceito|ondertekenen|akkoord|podpisz|zgadzam się|подписать|согласен",
    ),
  ],
  ["sign", parts("签署|签字|同意|授权|署名する|同意する|서명|동의")],
  [
    "sign",
    words(
      "kabul ediyorum|onaylıyorum|jag godkänner|jeg accepterer|hyväksyn|souhlasím|elfogadom|sunt de acord",
      "συμφωνώ|погоджуюсь|saya setuju|tôi đồng ý",
    ),
  ],
  ["sign", parts("أوافق|אני מסכים|सहमत|ยอมรับ")],
  [
    "publish",
    words(
      "publish|post|comment|tweet|go live|deploy|release|merge|add (a |my |your )?(review|comment|answer|post)|(submit|leave|write|send) (a |my |your )?(review|comment|rating)|make public|approve (review|comment|post)|unpublish",
      "veröffentlichen|posten|kommentieren|freigeben|bewertung (abgeben|schreiben|absenden)",
      "publier|poster|commenter|mettre en ligne|publicar|comentar|pubblica|commenta|publiceren|plaatsen|opublikuj|skomentuj|опубликовать|комментировать",
    ),
  ],
  ["publish", parts("发布|發佈|发表|评论|公開する|投稿|コメントする|게시|등록하기|댓글")],
  [
    "publish",
    words(
      "yayınla|publicera|udgiv|publiser|julkaise|publikovat|zveřejnit|közzététel|publică",
      "δημοσίευση|опублікувати|terbitkan|đăng",
    ),
  ],
  ["publish", parts("نشر|פרסם|प्रकाशित|เผยแพร่")],
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
  ["send", parts("发送|發送|提交|回复|邀请|分享|申请|送信|返信|招待|共有|보내기|전송|제출|답장|초대|공유")],
  [
    "send",
    words(
      "gönder|skicka|lähetä|odeslat|odoslať|küldés|elküld|trimite|pošalji|siųsti",
      "αποστολή|надіслати|изпрати|kirim|gửi",
    ),
  ],
  ["send", parts("إرسال|أرسل|שלח|भेजें|ส่ง|📤|📨|📩")],
];

/** In scripts without blanks, a word can be anywhere. Names are normalized for comparison. */
function parts(pattern: string): RegExp {
  return new RegExp(pattern.normalize("NFKC"), "u");
}

/** `\b` works only for ASCII. */
function words(...languages: string[]): RegExp {
  return new RegExp(
    `(?<![\\p{L}\\p{M}\\d])(?:${languages.join("|").normalize("NFKC")})(?![\\p{L}\\p{M}\\d])`,
    "iu",
  );
}

/** Labels that begin with such a word but are harmless: they open a page, end a session or search. */
const HARMLESS = words(
  "sign (in|up|out|on)|log ?(in|out)|send me (a |the )?(code|link) again|search|filter|sort|apply (filters?|sorting|coupon|code)|post ?code|postal|pay attention|payment methods?|show|view|read|see|edit|remove (filters?|from (cart|basket|bag|wish ?list|favou?rites|comparison))|next|back|continue shopping|answered questions",
  "anmelden|registrieren|abmelden|suchen|filtern|filter anwenden|anzeigen",
  "se connecter|s'inscrire|rechercher|filtrer|iniciar sesión|buscar|accedi|cerca|entrar|inloggen|zoeken|zaloguj|szukaj|войти|найти",
);

/** An element that is not a button says what it does in few words; a longer text just happens to contain them. */
const LONGEST_LABEL = 80;

/**
 * What buttons with these names do, according to their words; the gravest effect of them. `areButtons`: names of any
 * length count.
 */
export function effectOfLabels(names: readonly string[], areButtons = false): EffectKind | null {
  const found = names
    .filter((name) => areButtons || name.length <= LONGEST_LABEL)
    .flatMap(readingsOf)
    .flatMap((name) => {
      const rest = name.replace(new RegExp(HARMLESS.source, "giu"), " ");
      const rank = LABELS.findIndex(([, pattern]) => pattern.test(rest));
      return rank < 0 ? [] : [rank];
    });
  return found.length === 0 ? null : LABELS[Math.min(...found)]![0];
}

/** `Yes` and the like do what the question asks. */
export const CONFIRMS =
  /^\W*(?:yes|ok|okay|confirm|continue|proceed|sure|i'?m sure|i understand|do it|ja|bestätigen|weiter|fortfahren|oui|confirmer|continuer|sí|si|confirmar|conferma|continua|sim|tak|да|подтвердить|evet|确定|确认|はい|확인|예)(?:[,!. ].*)?$/iu;

/** Letters of other scripts that look like Latin ones. */
const ALIKE: Record<string, string> = Object.fromEntries(
  [
    "аa",
    "еe",
    "оo",
    "рp",
    "сc",
    "уy",
    "хx",
    "іi",
    "ѕs",
    "јj",
    "ԁd",
    "һh",
    "ӏl",
    "ԛq",
    "ԝw",
    "αa",
    "οo",
    "ρp",
    "νv",
    "ιi",
    "κk",
    "υu",
    "ɡg",
    "ıi",
    "ӕæ",
    "тt",
    "мm",
    "нh",
    "вb",
    "кk",
  ].map((pair) => [pair[0]!, pair[1]!]),
);

/**
 * The ways to read a name: as it is, with look-alike letters replaced, letter by letter, from right to left, and as an
 * identifier.
 */
function readingsOf(name: string): string[] {
  const plain = name
    .normalize("NFKC")
    .replace(/(?<=\p{Script=Latin})\p{Mn}+/gu, "")
    .replace(/[’`]/g, "'");
  const shown = plain.replace(/[\p{Cf}\u00AD]/gu, "");
  const readings = [
    shown,
    shown.replace(/(\p{Ll})(\p{Lu})/gu, "$1 $2").replaceAll("_", " "),
    shown.replace(/(?<!\p{L})\p{L}(?:[\s.·_-]\p{L}){3,}(?!\p{L})/gu, (spaced) =>
      spaced.replace(/[^\p{L}]/gu, ""),
    ),
  ];
  // A word in two scripts is a Latin word in disguise.
  if (/\p{Script=Latin}/u.test(shown) && /[\p{Script=Cyrillic}\p{Script=Greek}]/u.test(shown))
    readings.push(Array.from(shown.toLowerCase(), (letter) => ALIKE[letter] ?? letter).join(""));
  if (/[\u202E\u2067]/u.test(plain)) readings.push(Array.from(shown).toReversed().join(""));
  return [...new Set(readings)];
}
