/** Dutch, formal. */
import type { StatusTexts } from "../status-texts.ts";

const REFUND_TIME =
  "Banken hebben meestal enkele dagen nodig om een terugbetaling te tonen: het geld komt terug zoals u hebt betaald.";
const ASK = "Vragen kunt u aan de winkel stellen. Noem daarbij het kenmerk.";
const PAID =
  "Hebt u al betaald, betaal dan niet nog een keer: deze pagina verandert vanzelf zodra we het weten.";
const RESERVED = "Uw bank kan het bedrag nog een tijdje als gereserveerd tonen. Dat verdwijnt vanzelf.";
const AFTER_ALL =
  "Komt er toch nog een betaling binnen, dan merken we dat, laten het de winkel weten en melden het hier.";

export const dutch: StatusTexts = {
  language: "nl",
  direction: "ltr",
  states: {
    pending: {
      title: "Wachten op uw betaling",
      lead: "Ga naar de betaalpagina om {amount} te betalen.",
      notes: [
        "Sluit tijdens het betalen de browser niet en ga niet terug: wacht tot u weer hier terechtkomt.",
        PAID,
      ],
    },
    confirming: {
      title: "Uw betaling wordt bevestigd",
      lead: "We wachten tot de betaaldienst {amount} bevestigt. Dat duurt meestal enkele seconden.",
      notes: [PAID, "Hebt u de betaalpagina verlaten voordat u had betaald? Dan kunt u daar verdergaan."],
    },
    overdue: {
      title: "De tijd om te betalen is om",
      lead: "Begin nu niet meer met betalen. We vragen de betaaldienst of u al hebt betaald.",
      notes: [PAID, "Zo niet, dan wordt de betaling afgebroken en kunt u in de winkel opnieuw bestellen."],
    },
    processing: {
      title: "Uw betaling is onderweg",
      lead: "Uw bank heeft meestal tot vijf werkdagen nodig om {amount} te bevestigen, vaak maar enkele minuten. Betaal niet nog een keer.",
      notes: [
        "U hoeft niets meer te doen. De winkel hoort het zodra het geld is bevestigd.",
        "Weigert uw bank de betaling, dan staat het hier en kunt u op een andere manier betalen.",
      ],
    },
    authorized: {
      title: "Uw betaling is gereserveerd",
      lead: "Het bedrag van {amount} is gereserveerd voor de winkel en nog niet afgeschreven. U hoeft niets te doen.",
      notes: [
        "De winkel schrijft het bedrag af, meestal als uw bestelling klaar is.",
        "Doet de winkel dat niet, dan geeft uw bank het bedrag weer vrij.",
      ],
    },
    succeeded: {
      title: "Betaald. Dank u wel!",
      lead: "Uw betaling van {amount} is voltooid. We laten het de winkel weten.",
      notes: ["Er valt niets meer te betalen. U kunt deze pagina sluiten.", ASK],
    },
    late: {
      title: "Uw betaling kwam te laat",
      lead: "Uw betaling van {amount} kwam binnen toen de tijd al om was. We laten het de winkel weten.",
      notes: [
        "Betaal niet nog een keer: de winkel beslist of uw bestelling nog wordt geleverd of dat u het geld terugkrijgt.",
        ASK,
      ],
    },
    partlyRefunded: {
      title: "Betaald, deels terugbetaald",
      lead: "De winkel heeft u {refunded} van uw betaling van {amount} terugbetaald.",
      notes: [REFUND_TIME, ASK],
    },
    refunded: {
      title: "Volledig terugbetaald",
      lead: "De winkel heeft u uw betaling van {refunded} terugbetaald.",
      notes: [REFUND_TIME, ASK],
    },
    returning: {
      title: "Uw geld komt terug",
      lead: "Deze betaling is afgebroken nadat u had betaald. Wat u hebt betaald, wordt aan u teruggestuurd.",
      notes: [REFUND_TIME, ASK],
    },
    returned: {
      title: "Uw geld is teruggestuurd",
      lead: "Deze betaling is afgebroken en {refunded} is aan u teruggestuurd.",
      notes: [REFUND_TIME, ASK],
    },
    failed: {
      title: "De betaling is mislukt",
      lead: "Er is geen geld afgeschreven. U kunt het in de winkel opnieuw proberen, misschien met een andere betaalwijze.",
      notes: [RESERVED, AFTER_ALL],
    },
    canceled: {
      title: "De betaling is geannuleerd",
      lead: "Er is geen geld afgeschreven. Wilt u uw bestelling nog steeds, dan kunt u vanuit de winkel opnieuw betalen.",
      notes: [RESERVED, AFTER_ALL],
    },
    expired: {
      title: "De betaaltijd is verlopen",
      lead: "Er is niets betaald en er is geen geld afgeschreven. U kunt in de winkel opnieuw bestellen.",
      notes: [AFTER_ALL, "Een oude betaalpagina die nog openstaat, kunt u sluiten: betaal daar niet meer."],
    },
    review: {
      title: "We controleren uw betaling",
      lead: "Uw betaling is bij ons bekend en een medewerker kijkt ernaar. U hoeft niets te doen. Betaal niet nog een keer.",
      notes: [
        "Als u hebt betaald, is uw geld niet verloren: u krijgt wat u hebt besteld, of uw geld terug.",
        ASK,
      ],
    },
  },
  messages: {
    notFound: {
      title: "We vinden deze betaling niet",
      text: "De link is misschien niet volledig. Open hem opnieuw vanuit de winkel of vanuit het bericht dat u kreeg. Er verandert hierdoor niets aan een betaling.",
    },
    trouble: {
      title: "Er is iets misgegaan",
      text: "We zijn ermee bezig. Uw betaling is niet in gevaar: betaal niet nog een keer. Deze pagina probeert het vanzelf opnieuw.",
    },
  },
  next: "Hoe het verdergaat",
  comeBack: "Via de link kunt u altijd op deze pagina terugkomen.",
  pay: "Verder naar de betaling",
  check: "Betaling controleren",
  back: "Terug naar de winkel",
  again: "Opnieuw via de winkel",
  close: "U kunt deze pagina sluiten.",
  offline: "Geen verbinding. We blijven het proberen; uw betaling is niet in gevaar.",
  online: "De verbinding is terug.",
  unchanged: "Nog geen nieuws. Deze pagina verandert vanzelf.",
  amount: "Bedrag",
  description: "Voor",
  refunded: "Terugbetaald",
  started: "Begonnen",
  timeToPay: "Tijd om te betalen",
  until: "tot {time}",
  endedAt: "verlopen: {time}",
  reference: "Kenmerk",
};
