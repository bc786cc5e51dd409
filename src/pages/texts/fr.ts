/** French, formal. A colon has a no-break space before it, a question or exclamation mark a narrow one. */
import type { StatusTexts } from "../status-texts.ts";

const REFUND_TIME =
  "Les banques mettent en général quelques jours à afficher un remboursement\u00a0: il revient par votre moyen de paiement.";
const ASK = "Pour toute question, adressez-vous à la boutique en citant la référence.";
const PAID =
  "Si vous avez déjà payé, ne payez pas à nouveau\u00a0: cette page changera d’elle-même dès que nous le saurons.";
const RESERVED =
  "Votre banque peut afficher le montant comme réservé pendant un moment. Elle le libère d’elle-même.";
const AFTER_ALL =
  "Si un paiement aboutit malgré tout, nous le verrons, préviendrons la boutique et l’indiquerons ici.";

export const french: StatusTexts = {
  language: "fr",
  direction: "ltr",
  states: {
    pending: {
      title: "En attente de votre paiement",
      lead: "Allez à la page de paiement pour régler {amount}.",
      notes: [
        "Pendant le paiement, ne fermez pas le navigateur et ne revenez pas en arrière\u00a0: attendez le retour automatique ici.",
        PAID,
      ],
    },
    confirming: {
      title: "Confirmation du paiement",
      lead: "Nous attendons que le service de paiement confirme {amount}. Cela prend en général quelques secondes.",
      notes: [PAID, "Vous avez quitté la page de paiement avant de payer\u202f? Vous pouvez y retourner."],
    },
    overdue: {
      title: "Le délai est écoulé",
      lead: "Ne commencez plus à payer. Nous demandons au service de paiement si vous avez déjà payé.",
      notes: [PAID, "Sinon, le paiement est annulé et vous pourrez commander à nouveau dans la boutique."],
    },
    processing: {
      title: "Votre paiement est en cours",
      lead: "Votre banque confirme {amount} en général en cinq jours ouvrés au plus, souvent en quelques minutes. Ne payez pas à nouveau.",
      notes: [
        "Vous n’avez plus rien à faire. La boutique sera prévenue dès que l’argent sera confirmé.",
        "Si votre banque refuse le paiement, cette page l’indiquera et vous pourrez payer autrement.",
      ],
    },
    authorized: {
      title: "Le montant est réservé",
      lead: "Le montant de {amount} est réservé pour la boutique et n’a pas encore été débité. Vous n’avez rien à faire.",
      notes: [
        "La boutique débitera ce montant, en général quand votre commande sera prête.",
        "Si elle ne le fait pas, votre banque libérera le montant.",
      ],
    },
    succeeded: {
      title: "C’est payé. Merci\u202f!",
      lead: "Votre paiement de {amount} est terminé. Nous prévenons la boutique.",
      notes: ["Il n’y a plus rien à payer. Vous pouvez fermer cette page.", ASK],
    },
    late: {
      title: "Paiement arrivé en retard",
      lead: "Votre paiement de {amount} est arrivé après la fin du délai. Nous prévenons la boutique.",
      notes: [
        "Ne payez pas à nouveau\u00a0: la boutique décide si elle livre quand même votre commande ou si elle vous rembourse.",
        ASK,
      ],
    },
    partlyRefunded: {
      title: "Payé, remboursé en partie",
      lead: "La boutique vous a remboursé {refunded} sur votre paiement de {amount}.",
      notes: [REFUND_TIME, ASK],
    },
    refunded: {
      title: "Remboursé en totalité",
      lead: "La boutique vous a remboursé votre paiement de {refunded}.",
      notes: [REFUND_TIME, ASK],
    },
    returning: {
      title: "Remboursement en cours",
      lead: "Ce paiement a été annulé alors que vous aviez déjà payé. Ce que vous avez payé vous est rendu.",
      notes: [REFUND_TIME, ASK],
    },
    returned: {
      title: "Votre argent vous a été rendu",
      lead: "Ce paiement a été annulé et le montant de {refunded} vous a été remboursé.",
      notes: [REFUND_TIME, ASK],
    },
    failed: {
      title: "Le paiement a échoué",
      lead: "Rien n’a été débité. Vous pouvez retourner à la boutique et réessayer, peut-être avec un autre moyen de paiement.",
      notes: [RESERVED, AFTER_ALL],
    },
    canceled: {
      title: "Le paiement a été annulé",
      lead: "Rien n’a été débité. Si vous voulez toujours votre commande, vous pouvez payer de nouveau depuis la boutique.",
      notes: [RESERVED, AFTER_ALL],
    },
    expired: {
      title: "Le délai de paiement a expiré",
      lead: "Rien n’a été payé et rien n’a été débité. Vous pouvez commander à nouveau dans la boutique.",
      notes: [
        AFTER_ALL,
        "Si une ancienne page de paiement est encore ouverte, fermez-la\u00a0: n’y payez plus.",
      ],
    },
    review: {
      title: "Vérification du paiement",
      lead: "Votre paiement figure dans nos données et une personne le vérifie. Vous n’avez rien à faire. Ne payez pas à nouveau.",
      notes: [
        "Si vous avez payé, votre argent n’est pas perdu\u00a0: vous recevrez votre commande, ou votre argent vous sera rendu.",
        ASK,
      ],
    },
  },
  messages: {
    notFound: {
      title: "Ce paiement est introuvable",
      text: "Le lien est peut-être incomplet. Ouvrez-le à nouveau depuis la boutique ou depuis le message reçu. Cela ne change rien à aucun paiement.",
    },
    trouble: {
      title: "Un problème est survenu",
      text: "Nous nous en occupons. Votre paiement n’est pas touché\u00a0: ne payez pas à nouveau. Cette page réessaie d’elle-même.",
    },
  },
  next: "Ce qui se passe ensuite",
  comeBack: "Vous pouvez revenir à cette page par son lien à tout moment.",
  pay: "Continuer vers le paiement",
  check: "Vérifier le paiement",
  back: "Retour à la boutique",
  again: "Réessayer dans la boutique",
  close: "Vous pouvez fermer cette page.",
  offline: "Pas de connexion. Nous réessayons\u00a0; votre paiement n’est pas touché.",
  online: "La connexion est rétablie.",
  unchanged: "Rien de nouveau. Cette page changera d’elle-même.",
  amount: "Montant",
  description: "Objet",
  refunded: "Remboursé",
  started: "Début",
  timeToPay: "Temps pour payer",
  until: "échéance\u00a0: {time}",
  endedAt: "terminé\u00a0: {time}",
  reference: "Référence",
};
