/** Spanish, formal. */
import type { StatusTexts } from "../status-texts.ts";

const REFUND_TIME =
  "Los bancos suelen tardar unos días en mostrar un reembolso: vuelve por el mismo medio con el que pagó.";
const ASK = "Si tiene preguntas, consulte a la tienda e indique la referencia.";
const PAID = "Si ya ha pagado, no vuelva a pagar: esta página cambiará por sí sola en cuanto lo sepamos.";
const RESERVED = "Su banco puede mostrar el importe como reservado durante un tiempo. Lo libera por sí solo.";
const AFTER_ALL = "Si un pago llegara a completarse, lo veremos, avisaremos a la tienda y lo diremos aquí.";

export const spanish: StatusTexts = {
  language: "es",
  direction: "ltr",
  states: {
    pending: {
      title: "A la espera de su pago",
      lead: "Vaya a la página de pago para pagar {amount}.",
      notes: [
        "Mientras paga, no cierre el navegador ni vuelva atrás: espere a volver aquí automáticamente.",
        PAID,
      ],
    },
    confirming: {
      title: "Confirmando su pago",
      lead: "Esperamos a que el servicio de pago confirme {amount}. Suele tardar unos segundos.",
      notes: [PAID, "¿Salió de la página de pago antes de pagar? Puede continuar allí."],
    },
    overdue: {
      title: "El plazo de pago ha terminado",
      lead: "No empiece a pagar ahora. Estamos preguntando al servicio de pago si usted ya ha pagado.",
      notes: [PAID, "Si no, el pago se cancela y puede volver a hacer el pedido en la tienda."],
    },
    processing: {
      title: "Su pago está en camino",
      lead: "Su banco suele necesitar hasta cinco días hábiles para confirmar {amount}, a menudo solo minutos. No vuelva a pagar.",
      notes: [
        "Usted ya no tiene que hacer nada. La tienda lo sabrá en cuanto se confirme el dinero.",
        "Si su banco rechaza el pago, esta página lo dirá y podrá pagar de otra manera.",
      ],
    },
    authorized: {
      title: "Su pago está reservado",
      lead: "El importe de {amount} está reservado para la tienda y todavía no se ha cobrado. No tiene que hacer nada.",
      notes: [
        "La tienda cobrará el importe, normalmente cuando su pedido esté listo.",
        "Si no lo hace, su banco liberará el importe.",
      ],
    },
    succeeded: {
      title: "Pagado. ¡Gracias!",
      lead: "Su pago de {amount} se ha completado. Estamos avisando a la tienda.",
      notes: ["No queda nada por pagar. Puede cerrar esta página.", ASK],
    },
    late: {
      title: "Su pago llegó tarde",
      lead: "Su pago de {amount} llegó cuando el plazo ya había terminado. Estamos avisando a la tienda.",
      notes: [
        "No vuelva a pagar: la tienda decide si todavía atiende su pedido o le devuelve el dinero.",
        ASK,
      ],
    },
    partlyRefunded: {
      title: "Pagado, devuelto en parte",
      lead: "La tienda le ha devuelto {refunded} de su pago de {amount}.",
      notes: [REFUND_TIME, ASK],
    },
    refunded: {
      title: "Reembolsado por completo",
      lead: "La tienda le ha devuelto su pago de {refunded}.",
      notes: [REFUND_TIME, ASK],
    },
    returning: {
      title: "Devolución en curso",
      lead: "Este pago se canceló después de que usted pagara. Lo que pagó se le está devolviendo.",
      notes: [REFUND_TIME, ASK],
    },
    returned: {
      title: "Se le devolvió el dinero",
      lead: "Este pago se canceló y se le devolvió el importe de {refunded}.",
      notes: [REFUND_TIME, ASK],
    },
    failed: {
      title: "El pago ha fallado",
      lead: "No se ha cobrado nada. Puede volver a la tienda e intentarlo de nuevo, quizá con otro medio de pago.",
      notes: [RESERVED, AFTER_ALL],
    },
    canceled: {
      title: "El pago se ha cancelado",
      lead: "No se ha cobrado nada. Si todavía quiere lo que pidió, puede pagarlo de nuevo desde la tienda.",
      notes: [RESERVED, AFTER_ALL],
    },
    expired: {
      title: "Se acabó el tiempo para pagar",
      lead: "No se pagó nada y no se ha cobrado nada. Puede volver a hacer el pedido en la tienda.",
      notes: [AFTER_ALL, "Si sigue abierta una página de pago antigua, puede cerrarla: no pague ya en ella."],
    },
    review: {
      title: "Revisando su pago",
      lead: "Su pago consta en nuestro registro y una persona lo está revisando. No tiene que hacer nada. No vuelva a pagar.",
      notes: [
        "Si ha pagado, su dinero no se ha perdido: recibirá lo que pidió o se le devolverá el dinero.",
        ASK,
      ],
    },
  },
  messages: {
    notFound: {
      title: "No encontramos este pago",
      text: "Puede que el enlace esté incompleto. Ábralo de nuevo desde la tienda o desde el mensaje que recibió. Esto no cambia ningún pago.",
    },
    trouble: {
      title: "Algo ha ido mal",
      text: "Estamos en ello. Su pago no se ve afectado: no vuelva a pagar. Esta página lo intenta de nuevo por sí sola.",
    },
  },
  next: "Qué ocurre ahora",
  comeBack: "Puede volver a esta página por su enlace en cualquier momento.",
  pay: "Continuar al pago",
  check: "Comprobar el pago",
  back: "Volver a la tienda",
  again: "Reintentar en la tienda",
  close: "Puede cerrar esta página.",
  offline: "Sin conexión. Seguimos intentándolo; su pago no se ve afectado.",
  online: "La conexión ha vuelto.",
  unchanged: "Aún sin novedades. Esta página cambiará por sí sola.",
  amount: "Importe",
  description: "Concepto",
  refunded: "Reembolsado",
  started: "Inicio",
  timeToPay: "Tiempo para pagar",
  until: "límite: {time}",
  endedAt: "terminó: {time}",
  reference: "Referencia",
};
