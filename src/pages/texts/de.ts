/** German, formal. */
import type { StatusTexts } from "../status-texts.ts";

const REFUND_TIME =
  "Banken brauchen meist einige Tage, bis eine Erstattung zu sehen ist: Sie geht den Weg zurück, auf dem Sie bezahlt haben.";
const ASK = "Bei Fragen wenden Sie sich an den Shop und nennen die Referenz.";
const PAID =
  "Wenn Sie schon bezahlt haben, zahlen Sie bitte nicht noch einmal: Diese Seite ändert sich von selbst, sobald wir es wissen.";
const RESERVED =
  "Ihre Bank zeigt den Betrag vielleicht noch eine Weile als reserviert an. Sie gibt ihn von selbst wieder frei.";
const AFTER_ALL =
  "Sollte doch noch eine Zahlung eingehen, bemerken wir es, geben dem Shop Bescheid und zeigen es hier an.";

export const german: StatusTexts = {
  language: "de",
  direction: "ltr",
  states: {
    pending: {
      title: "Ihre Zahlung steht noch aus",
      lead: "Zahlen Sie {amount} auf der Zahlungsseite.",
      notes: [
        "Bitte schließen Sie beim Bezahlen nicht den Browser und gehen Sie nicht zurück: Warten Sie, bis Sie wieder hier sind.",
        PAID,
      ],
    },
    confirming: {
      title: "Ihre Zahlung wird bestätigt",
      lead: "Wir warten darauf, dass der Zahlungsdienst {amount} bestätigt. Das dauert meist einige Sekunden.",
      notes: [
        PAID,
        "Haben Sie die Zahlungsseite verlassen, ohne zu bezahlen? Dann können Sie dort fortfahren.",
      ],
    },
    overdue: {
      title: "Die Zeit zum Bezahlen ist um",
      lead: "Bitte beginnen Sie jetzt nicht mehr zu bezahlen. Wir fragen den Zahlungsdienst, ob Sie schon bezahlt haben.",
      notes: [PAID, "Wenn nicht, wird die Zahlung abgebrochen, und Sie können im Shop neu bestellen."],
    },
    processing: {
      title: "Ihre Zahlung ist unterwegs",
      lead: "Ihre Bank braucht meist bis zu fünf Werktage, um {amount} zu bestätigen, oft nur Minuten. Bitte zahlen Sie nicht noch einmal.",
      notes: [
        "Sie haben alles getan. Der Shop erfährt es, sobald das Geld bestätigt ist.",
        "Lehnt Ihre Bank die Zahlung ab, steht es hier, und Sie können anders bezahlen.",
      ],
    },
    authorized: {
      title: "Ihr Betrag ist reserviert",
      lead: "Der Betrag von {amount} ist für den Shop vorgemerkt und noch nicht abgebucht. Sie müssen nichts tun.",
      notes: [
        "Der Shop zieht das Geld ein, meist wenn Ihre Bestellung bereit ist.",
        "Tut er das nicht, gibt Ihre Bank den Betrag wieder frei.",
      ],
    },
    succeeded: {
      title: "Bezahlt. Vielen Dank!",
      lead: "Ihre Zahlung von {amount} ist abgeschlossen. Wir geben dem Shop Bescheid.",
      notes: ["Es ist nichts mehr zu bezahlen. Sie können diese Seite schließen.", ASK],
    },
    late: {
      title: "Ihre Zahlung kam zu spät an",
      lead: "Ihre Zahlung von {amount} kam an, als die Zeit schon um war. Wir geben dem Shop Bescheid.",
      notes: [
        "Bitte zahlen Sie nicht noch einmal: Der Shop entscheidet, ob er noch liefert oder das Geld zurückschickt.",
        ASK,
      ],
    },
    partlyRefunded: {
      title: "Bezahlt und zum Teil erstattet",
      lead: "Der Shop hat Ihnen {refunded} Ihrer Zahlung von {amount} zurückgeschickt.",
      notes: [REFUND_TIME, ASK],
    },
    refunded: {
      title: "Vollständig erstattet",
      lead: "Der Shop hat Ihnen Ihre Zahlung von {refunded} zurückgeschickt.",
      notes: [REFUND_TIME, ASK],
    },
    returning: {
      title: "Ihr Geld kommt zurück",
      lead: "Diese Zahlung wurde abgebrochen, nachdem Sie bezahlt hatten. Was Sie bezahlt haben, wird Ihnen zurückgeschickt.",
      notes: [REFUND_TIME, ASK],
    },
    returned: {
      title: "Geld zurückgeschickt",
      lead: "Diese Zahlung wurde abgebrochen, und der Betrag von {refunded} wurde Ihnen zurückgeschickt.",
      notes: [REFUND_TIME, ASK],
    },
    failed: {
      title: "Zahlung fehlgeschlagen",
      lead: "Es wurde kein Geld eingezogen. Sie können es im Shop noch einmal versuchen, vielleicht mit einer anderen Zahlungsart.",
      notes: [RESERVED, AFTER_ALL],
    },
    canceled: {
      title: "Zahlung abgebrochen",
      lead: "Es wurde kein Geld eingezogen. Wenn Sie die Bestellung noch möchten, können Sie im Shop neu bezahlen.",
      notes: [RESERVED, AFTER_ALL],
    },
    expired: {
      title: "Die Zeit ist abgelaufen",
      lead: "Es wurde nichts bezahlt und kein Geld eingezogen. Sie können im Shop neu bestellen.",
      notes: [
        AFTER_ALL,
        "Eine Zahlungsseite, die noch offen ist, können Sie schließen: Bitte bezahlen Sie dort nicht mehr.",
      ],
    },
    review: {
      title: "Ihre Zahlung wird geprüft",
      lead: "Ihre Zahlung liegt uns vor, und ein Mensch prüft sie. Sie müssen nichts tun. Bitte zahlen Sie nicht noch einmal.",
      notes: [
        "Wenn Sie bezahlt haben, ist Ihr Geld nicht verloren: Sie bekommen, was Sie bestellt haben, oder Ihr Geld zurück.",
        ASK,
      ],
    },
  },
  messages: {
    notFound: {
      title: "Diese Zahlung finden wir nicht",
      text: "Der Link ist vielleicht unvollständig. Bitte öffnen Sie ihn noch einmal aus dem Shop oder aus der Nachricht, die Sie hierher geführt hat. An keiner Zahlung ändert sich dadurch etwas.",
    },
    trouble: {
      title: "Etwas ist schiefgegangen",
      text: "Wir kümmern uns darum. Ihre Zahlung ist davon nicht betroffen: Bitte zahlen Sie nicht noch einmal. Diese Seite versucht es von selbst wieder.",
    },
  },
  next: "Wie es weitergeht",
  comeBack: "Über den Link können Sie jederzeit auf diese Seite zurückkommen.",
  pay: "Weiter zur Zahlung",
  check: "Zahlungsstatus prüfen",
  back: "Zurück zum Shop",
  again: "Im Shop neu versuchen",
  close: "Sie können diese Seite schließen.",
  offline: "Keine Verbindung. Wir versuchen es weiter; Ihre Zahlung ist nicht betroffen.",
  online: "Die Verbindung ist wieder da.",
  unchanged: "Noch nichts Neues. Diese Seite ändert sich von selbst.",
  amount: "Betrag",
  description: "Für",
  refunded: "Erstattet",
  started: "Begonnen",
  timeToPay: "Zeit zum Bezahlen",
  until: "bis {time}",
  endedAt: "abgelaufen: {time}",
  reference: "Referenz",
};
