/** Portuguese, formal, in words that both Brazil and Portugal use. */
import type { StatusTexts } from "../status-texts.ts";

const REFUND_TIME =
  "Os bancos costumam precisar de alguns dias para mostrar um reembolso: ele volta pelo mesmo meio de pagamento.";
const ASK = "Em caso de dúvidas, fale com a loja e indique a referência.";
const PAID = "Se já pagou, não pague outra vez: esta página muda sozinha assim que soubermos.";
const RESERVED =
  "O banco pode mostrar o valor como reservado durante algum tempo. A reserva desaparece sozinha.";
const AFTER_ALL = "Se um pagamento ainda for concluído, vamos notar, avisar a loja e mostrar aqui.";

export const portuguese: StatusTexts = {
  language: "pt",
  direction: "ltr",
  states: {
    pending: {
      title: "À espera do seu pagamento",
      lead: "Vá para a página de pagamento para pagar {amount}.",
      notes: [
        "Durante o pagamento, não feche o navegador nem volte à página anterior: espere o retorno automático a esta página.",
        PAID,
      ],
    },
    confirming: {
      title: "Confirmação do pagamento",
      lead: "Aguardamos que o serviço de pagamento confirme {amount}. Costuma demorar alguns segundos.",
      notes: [PAID, "Saiu da página de pagamento antes de pagar? Pode continuar lá."],
    },
    overdue: {
      title: "O prazo terminou",
      lead: "Não comece a pagar agora. Perguntamos ao serviço de pagamento se o pagamento já foi feito.",
      notes: [PAID, "Se não pagou, o pagamento é cancelado e pode fazer o pedido de novo na loja."],
    },
    processing: {
      title: "O pagamento está a caminho",
      lead: "O seu banco costuma levar até cinco dias úteis para confirmar {amount}, muitas vezes só minutos. Não pague outra vez.",
      notes: [
        "A sua parte está feita. A loja é avisada assim que o dinheiro for confirmado.",
        "Se o banco recusar o pagamento, esta página mostrará isso e será possível pagar de outra forma.",
      ],
    },
    authorized: {
      title: "O valor está reservado",
      lead: "O valor de {amount} está reservado para a loja e ainda não foi cobrado. Não é preciso fazer nada.",
      notes: [
        "A loja vai cobrar o valor, em geral quando o pedido estiver pronto.",
        "Se não o fizer, o banco volta a libertar o valor.",
      ],
    },
    succeeded: {
      title: "Pago. Obrigado!",
      lead: "O seu pagamento de {amount} está concluído. A loja será avisada.",
      notes: ["Não há mais nada a pagar. Pode fechar esta página.", ASK],
    },
    late: {
      title: "O pagamento chegou tarde",
      lead: "O seu pagamento de {amount} chegou depois do fim do prazo. A loja será avisada.",
      notes: ["Não pague outra vez: a loja decide se ainda atende o pedido ou se devolve o dinheiro.", ASK],
    },
    partlyRefunded: {
      title: "Pago e reembolsado em parte",
      lead: "A loja devolveu-lhe {refunded} do seu pagamento de {amount}.",
      notes: [REFUND_TIME, ASK],
    },
    refunded: {
      title: "Reembolsado integralmente",
      lead: "A loja devolveu-lhe o seu pagamento de {refunded}.",
      notes: [REFUND_TIME, ASK],
    },
    returning: {
      title: "Devolução em curso",
      lead: "Este pagamento foi cancelado quando já estava pago. O valor pago está em devolução.",
      notes: [REFUND_TIME, ASK],
    },
    returned: {
      title: "O dinheiro foi devolvido",
      lead: "Este pagamento foi cancelado e o valor de {refunded} foi devolvido.",
      notes: [REFUND_TIME, ASK],
    },
    failed: {
      title: "O pagamento falhou",
      lead: "Nada foi cobrado. Pode voltar à loja e tentar de novo, talvez com outro meio de pagamento.",
      notes: [RESERVED, AFTER_ALL],
    },
    canceled: {
      title: "O pagamento foi cancelado",
      lead: "Nada foi cobrado. Se ainda quer o que pediu, pode pagar de novo a partir da loja.",
      notes: [RESERVED, AFTER_ALL],
    },
    expired: {
      title: "O tempo para pagar acabou",
      lead: "Nada foi pago e nada foi cobrado. Pode fazer o pedido de novo na loja.",
      notes: [
        AFTER_ALL,
        "Se uma página de pagamento antiga ainda estiver aberta, pode fechá-la: não pague mais lá.",
      ],
    },
    review: {
      title: "Verificação do pagamento",
      lead: "O seu pagamento consta nos nossos dados e está em verificação por uma pessoa. Não é preciso fazer nada. Não pague outra vez.",
      notes: ["Se já pagou, o dinheiro não se perdeu: recebe o que pediu ou o dinheiro de volta.", ASK],
    },
  },
  messages: {
    notFound: {
      title: "Não encontramos o pagamento",
      text: "O link pode estar incompleto. Abra-o de novo a partir da loja ou da mensagem que recebeu. Nenhum pagamento muda por causa disso.",
    },
    trouble: {
      title: "Ocorreu um problema",
      text: "Já cuidamos disso. O seu pagamento não é afetado: não pague outra vez. Esta página tenta de novo sozinha.",
    },
  },
  next: "O que acontece a seguir",
  comeBack: "Pode voltar a esta página pelo link a qualquer momento.",
  pay: "Continuar para o pagamento",
  check: "Verificar o pagamento",
  back: "Voltar à loja",
  again: "Tentar de novo na loja",
  close: "Pode fechar esta página.",
  offline: "Sem conexão. Vamos tentar de novo; o seu pagamento não é afetado.",
  online: "A conexão voltou.",
  unchanged: "Ainda sem novidades. Esta página muda sozinha.",
  amount: "Valor",
  description: "Descrição",
  refunded: "Reembolsado",
  started: "Início",
  timeToPay: "Tempo para pagar",
  until: "até {time}",
  endedAt: "terminou: {time}",
  reference: "Referência",
};
