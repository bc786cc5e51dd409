/** Polish, formal, without addressing the buyer by gender. */
import type { StatusTexts } from "../status-texts.ts";

const REFUND_TIME =
  "Banki potrzebują zwykle kilku dni, aby pokazać zwrot: pieniądze wracają tą samą drogą, którą przyszły.";
const ASK = "Z pytaniami prosimy zwracać się do sklepu i podać numer płatności.";
const PAID =
  "Jeśli płatność jest już wykonana, prosimy nie płacić ponownie: ta strona zmieni się sama, gdy tylko się o tym dowiemy.";
const RESERVED = "Bank może przez pewien czas pokazywać kwotę jako zarezerwowaną. Blokada zniknie sama.";
const AFTER_ALL = "Jeśli jakaś płatność jednak dojdzie, zauważymy to, zawiadomimy sklep i pokażemy to tutaj.";

export const polish: StatusTexts = {
  language: "pl",
  direction: "ltr",
  states: {
    pending: {
      title: "Czekamy na płatność",
      lead: "Prosimy przejść na stronę płatności i zapłacić {amount}.",
      notes: [
        "Podczas płacenia prosimy nie zamykać przeglądarki ani się nie cofać: trzeba poczekać na powrót na tę stronę.",
        PAID,
      ],
    },
    confirming: {
      title: "Potwierdzamy płatność",
      lead: "Czekamy, aż operator płatności potwierdzi {amount}. Trwa to zwykle kilka sekund.",
      notes: [PAID, "Strona płatności zamknięta przed zapłaceniem? Można do niej wrócić."],
    },
    overdue: {
      title: "Czas na płatność minął",
      lead: "Prosimy nie zaczynać teraz płacić. Pytamy operatora płatności, czy płatność jest już wykonana.",
      notes: [PAID, "Jeśli nie, płatność zostanie anulowana i będzie można ponownie zamówić w sklepie."],
    },
    processing: {
      title: "Płatność jest w drodze",
      lead: "Bank potrzebuje zwykle do pięciu dni roboczych, aby potwierdzić {amount}, a często tylko kilku minut. Prosimy nie płacić ponownie.",
      notes: [
        "Nie trzeba już nic robić. Sklep dowie się, gdy tylko pieniądze zostaną potwierdzone.",
        "Jeśli bank odrzuci płatność, ta strona to pokaże i będzie można zapłacić inaczej.",
      ],
    },
    authorized: {
      title: "Kwota jest zarezerwowana",
      lead: "Kwota {amount} jest zarezerwowana dla sklepu i nie została jeszcze pobrana. Nie trzeba nic robić.",
      notes: [
        "Sklep pobierze pieniądze, zwykle gdy zamówienie będzie gotowe.",
        "Jeśli tego nie zrobi, bank zwolni tę kwotę.",
      ],
    },
    succeeded: {
      title: "Zapłacone. Dziękujemy!",
      lead: "Płatność {amount} jest zakończona. Zawiadamiamy sklep.",
      notes: ["Nie ma już nic do zapłacenia. Można zamknąć tę stronę.", ASK],
    },
    late: {
      title: "Płatność przyszła za późno",
      lead: "Płatność {amount} przyszła po upływie czasu. Zawiadamiamy sklep.",
      notes: [
        "Prosimy nie płacić ponownie: sklep zdecyduje, czy zrealizuje zamówienie, czy zwróci pieniądze.",
        ASK,
      ],
    },
    partlyRefunded: {
      title: "Zapłacone, zwrot częściowy",
      lead: "Sklep zwrócił {refunded} z płatności {amount}.",
      notes: [REFUND_TIME, ASK],
    },
    refunded: {
      title: "Zwrócone w całości",
      lead: "Sklep zwrócił całą płatność {refunded}.",
      notes: [REFUND_TIME, ASK],
    },
    returning: {
      title: "Pieniądze wracają",
      lead: "Ta płatność została anulowana, gdy była już wykonana. Wpłacone pieniądze są odsyłane.",
      notes: [REFUND_TIME, ASK],
    },
    returned: {
      title: "Pieniądze zostały odesłane",
      lead: "Ta płatność została anulowana, a kwota {refunded} została odesłana.",
      notes: [REFUND_TIME, ASK],
    },
    failed: {
      title: "Płatność się nie powiodła",
      lead: "Nie pobrano żadnych pieniędzy. Można wrócić do sklepu i spróbować ponownie, może innym sposobem płatności.",
      notes: [RESERVED, AFTER_ALL],
    },
    canceled: {
      title: "Płatność została anulowana",
      lead: "Nie pobrano żadnych pieniędzy. Jeśli zamówienie jest nadal potrzebne, można zapłacić ponownie ze sklepu.",
      notes: [RESERVED, AFTER_ALL],
    },
    expired: {
      title: "Czas na płatność upłynął",
      lead: "Nic nie zostało zapłacone i nie pobrano żadnych pieniędzy. Można ponownie zamówić w sklepie.",
      notes: [
        AFTER_ALL,
        "Jeśli stara strona płatności jest jeszcze otwarta, można ją zamknąć: prosimy już tam nie płacić.",
      ],
    },
    review: {
      title: "Sprawdzamy płatność",
      lead: "Mamy tę płatność w ewidencji i sprawdza ją pracownik. Nie trzeba nic robić. Prosimy nie płacić ponownie.",
      notes: [
        "Jeśli płatność została dokonana, pieniądze nie przepadły: zamówienie zostanie zrealizowane albo pieniądze wrócą.",
        ASK,
      ],
    },
  },
  messages: {
    notFound: {
      title: "Nie znajdujemy tej płatności",
      text: "Link może być niepełny. Prosimy otworzyć go jeszcze raz ze sklepu lub z otrzymanej wiadomości. Nie zmienia to żadnej płatności.",
    },
    trouble: {
      title: "Coś poszło nie tak",
      text: "Zajmujemy się tym. Płatności to nie dotyczy: prosimy nie płacić ponownie. Ta strona sama spróbuje jeszcze raz.",
    },
  },
  next: "Co będzie dalej",
  comeBack: "Na tę stronę można w każdej chwili wrócić przez jej link.",
  pay: "Przejdź do płatności",
  check: "Sprawdź płatność",
  back: "Wróć do sklepu",
  again: "Spróbuj ponownie w sklepie",
  close: "Można zamknąć tę stronę.",
  offline: "Brak połączenia. Próbujemy dalej; płatności to nie dotyczy.",
  online: "Połączenie wróciło.",
  unchanged: "Na razie nic nowego. Ta strona zmieni się sama.",
  amount: "Kwota",
  description: "Za co",
  refunded: "Zwrócono",
  started: "Rozpoczęto",
  timeToPay: "Czas na płatność",
  until: "do {time}",
  endedAt: "koniec: {time}",
  reference: "Numer płatności",
};
