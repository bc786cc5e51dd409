/** Italian, formal. */
import type { StatusTexts } from "../status-texts.ts";

const REFUND_TIME =
  "Di solito le banche impiegano alcuni giorni per mostrare un rimborso: torna per la via con cui ha pagato.";
const ASK = "Per domande si rivolga al negozio e indichi il riferimento.";
const PAID = "Se ha già pagato, non paghi di nuovo: questa pagina cambia da sola appena lo sappiamo.";
const RESERVED = "La banca può mostrare l’importo come riservato per qualche tempo. Lo libera da sola.";
const AFTER_ALL =
  "Se un pagamento dovesse comunque arrivare, lo vedremo, avviseremo il negozio e lo diremo qui.";

export const italian: StatusTexts = {
  language: "it",
  direction: "ltr",
  states: {
    pending: {
      title: "In attesa del pagamento",
      lead: "Vada alla pagina di pagamento per pagare {amount}.",
      notes: [
        "Mentre paga, non chiuda il browser e non torni indietro: attenda il ritorno automatico su questa pagina.",
        PAID,
      ],
    },
    confirming: {
      title: "Conferma del pagamento",
      lead: "Aspettiamo che il servizio di pagamento confermi {amount}. Di solito bastano alcuni secondi.",
      notes: [PAID, "Ha lasciato la pagina di pagamento prima di pagare? Può continuare da lì."],
    },
    overdue: {
      title: "Il tempo per pagare è finito",
      lead: "Non inizi a pagare adesso. Stiamo chiedendo al servizio di pagamento se ha già pagato.",
      notes: [PAID, "Se non ha pagato, il pagamento viene annullato e potrà ordinare di nuovo nel negozio."],
    },
    processing: {
      title: "Il pagamento è in corso",
      lead: "Di solito la sua banca impiega fino a cinque giorni lavorativi per confermare {amount}, spesso pochi minuti. Non paghi di nuovo.",
      notes: [
        "Non deve fare altro. Il negozio lo saprà appena il denaro sarà confermato.",
        "Se la banca rifiuta il pagamento, questa pagina lo dirà e potrà pagare in un altro modo.",
      ],
    },
    authorized: {
      title: "L’importo è riservato",
      lead: "L’importo di {amount} è riservato per il negozio e non è ancora stato addebitato. Non deve fare nulla.",
      notes: [
        "Il negozio incasserà l’importo, di solito quando l’ordine è pronto.",
        "Se non lo fa, la banca rende di nuovo disponibile l’importo.",
      ],
    },
    succeeded: {
      title: "Pagato. Grazie!",
      lead: "Il suo pagamento di {amount} è completo. Stiamo avvisando il negozio.",
      notes: ["Non c’è altro da pagare. Può chiudere questa pagina.", ASK],
    },
    late: {
      title: "Il pagamento è arrivato tardi",
      lead: "Il suo pagamento di {amount} è arrivato a tempo scaduto. Stiamo avvisando il negozio.",
      notes: [
        "Non paghi di nuovo: il negozio decide se evadere ancora l’ordine o restituire il denaro.",
        ASK,
      ],
    },
    partlyRefunded: {
      title: "Pagato e rimborsato in parte",
      lead: "Il negozio le ha restituito {refunded} del suo pagamento di {amount}.",
      notes: [REFUND_TIME, ASK],
    },
    refunded: {
      title: "Rimborsato per intero",
      lead: "Il negozio le ha restituito il suo pagamento di {refunded}.",
      notes: [REFUND_TIME, ASK],
    },
    returning: {
      title: "Restituzione in corso",
      lead: "Questo pagamento è stato annullato dopo che aveva pagato. La somma pagata le viene restituita.",
      notes: [REFUND_TIME, ASK],
    },
    returned: {
      title: "Il denaro è stato restituito",
      lead: "Questo pagamento è stato annullato e l’importo di {refunded} le è stato restituito.",
      notes: [REFUND_TIME, ASK],
    },
    failed: {
      title: "Il pagamento non è riuscito",
      lead: "Non è stato prelevato denaro. Può tornare al negozio e riprovare, magari con un altro metodo di pagamento.",
      notes: [RESERVED, AFTER_ALL],
    },
    canceled: {
      title: "Pagamento annullato",
      lead: "Non è stato prelevato denaro. Se vuole ancora ciò che ha ordinato, può pagare di nuovo dal negozio.",
      notes: [RESERVED, AFTER_ALL],
    },
    expired: {
      title: "Il tempo per pagare è scaduto",
      lead: "Non è stato pagato nulla e non è stato prelevato denaro. Può ordinare di nuovo nel negozio.",
      notes: [
        AFTER_ALL,
        "Se una vecchia pagina di pagamento è ancora aperta, può chiuderla: lì non paghi più.",
      ],
    },
    review: {
      title: "Verifica del pagamento",
      lead: "Il suo pagamento ci risulta e una persona lo sta verificando. Non deve fare nulla. Non paghi di nuovo.",
      notes: [
        "Se ha pagato, il suo denaro non è perso: riceverà ciò che ha ordinato, o il denaro le sarà restituito.",
        ASK,
      ],
    },
  },
  messages: {
    notFound: {
      title: "Non troviamo questo pagamento",
      text: "Il link potrebbe essere incompleto. Lo apra di nuovo dal negozio o dal messaggio ricevuto. Questo non cambia nessun pagamento.",
    },
    trouble: {
      title: "Qualcosa è andato storto",
      text: "Ce ne stiamo occupando. Il suo pagamento non ne risente: non paghi di nuovo. Questa pagina riprova da sola.",
    },
  },
  next: "Che cosa succede ora",
  comeBack: "Può tornare a questa pagina con il suo link in qualsiasi momento.",
  pay: "Vai al pagamento",
  check: "Verifica il pagamento",
  back: "Torna al negozio",
  again: "Riprova nel negozio",
  close: "Può chiudere questa pagina.",
  offline: "Nessuna connessione. Continuiamo a provare; il suo pagamento non ne risente.",
  online: "La connessione è tornata.",
  unchanged: "Ancora nessuna novità. Questa pagina cambia da sola.",
  amount: "Importo",
  description: "Causale",
  refunded: "Rimborsato",
  started: "Inizio",
  timeToPay: "Tempo per pagare",
  until: "scadenza: {time}",
  endedAt: "terminato: {time}",
  reference: "Riferimento",
};
