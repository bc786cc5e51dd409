/**
 * Webhooks of all eight gateways as they come with everything that a gateway knows of its buyer, written by their
 * documentation's fields. The buyer is nobody; every word of theirs is in CANARIES.
 */
const BUYER = {
  email: "ada.canary@example.com",
  given: "Ada",
  surname: "Canary-Lovelace",
  full: "Ada Canary-Lovelace",
  phone: "+447700900123",
  nationalPhone: "07700900123",
  street: "12 Canary Wharf Lane",
  city: "Canaryville",
  postcode: "CN4 1RY",
  ip: "203.0.113.77",
  iban: "DE02120300000000202051",
  vpa: "ada.canary@okbank",
  last4: "4929",
  bin: "492910",
  card: "4929000000006",
  cvc: "737",
  authCode: "033899",
  fingerprint: "Xt5EWLLDS7FJjR1c",
  birthday: "1985-12-10",
  words: "for Ada, with love",
};
export const CANARIES: readonly string[] = Object.values(BUYER);

const ID = "txn_01m8b81bgvf06tzpkmg7jwbqnp";
const AT = "2026-11-25T14:30:05Z";
const SECONDS = 1_795_617_005;
const postal = {
  ...{ line1: BUYER.street, city: BUYER.city, postal_code: BUYER.postcode, state: BUYER.city, country: "GB" },
};

interface Payload {
  readonly gateway: string;
  readonly body: object | string;
  /** What an operator must still be able to read. */
  readonly told: readonly (string | number)[];
}

const stripe: Payload = {
  gateway: "stripe",
  told: [
    ...[
      "evt_1Fake",
      "cs_test_1Fake",
      "pi_3Fake",
      "checkout.session.completed",
      "complete",
      "paid",
      "eur",
      ID,
    ],
    ...[1999, SECONDS, 1_795_620_605],
  ],
  body: {
    ...{
      id: "evt_1Fake",
      object: "event",
      api_version: "2026-10-28.endive",
      created: SECONDS,
      livemode: false,
    },
    ...{
      type: "checkout.session.completed",
      pending_webhooks: 1,
      request: { id: null, idempotency_key: null },
    },
    data: {
      object: {
        ...{ id: "cs_test_1Fake", object: "checkout.session", amount_subtotal: 1999, amount_total: 1999 },
        ...{ currency: "eur", client_reference_id: ID, created: SECONDS, expires_at: 1_795_620_605 },
        ...{ mode: "payment", payment_intent: "pi_3Fake", payment_status: "paid", status: "complete" },
        ...{ customer_email: BUYER.email, url: `https://checkout.stripe.com/c/pay/cs_test#${BUYER.email}` },
        customer_details: {
          ...{
            email: BUYER.email,
            name: BUYER.full,
            phone: BUYER.phone,
            address: postal,
            tax_exempt: "none",
          },
          tax_ids: [{ type: "eu_vat", value: BUYER.iban }],
        },
        shipping_details: { name: BUYER.full, address: postal },
        collected_information: { shipping_details: { name: BUYER.full, address: postal } },
        custom_fields: [{ key: "engraving", type: "text", text: { value: BUYER.words } }],
        custom_text: { submit: { message: BUYER.words } },
        metadata: { transaction_id: ID, order_id: "order-1", gift: BUYER.words, [BUYER.surname]: "1" },
        payment_method_options: { card: { request_three_d_secure: "automatic" } },
        total_details: { amount_discount: 0, amount_shipping: 0, amount_tax: 0 },
      },
    },
  },
};

const stripeIntent: Payload = {
  gateway: "stripe",
  told: [
    "evt_2Fake",
    "pi_3Fake",
    "payment_intent.payment_failed",
    "requires_payment_method",
    "card_declined",
  ],
  body: {
    ...{ id: "evt_2Fake", object: "event", created: SECONDS, type: "payment_intent.payment_failed" },
    data: {
      object: {
        ...{
          id: "pi_3Fake",
          object: "payment_intent",
          amount: 1999,
          currency: "eur",
          receipt_email: BUYER.email,
        },
        ...{
          status: "requires_payment_method",
          description: BUYER.words,
          statement_descriptor: BUYER.surname,
        },
        last_payment_error: {
          ...{
            code: "card_declined",
            decline_code: "card_declined",
            message: `${BUYER.full}'s card was declined.`,
          },
          payment_method: {
            ...{ id: "pm_1Fake", type: "card", card: { last4: BUYER.last4, fingerprint: BUYER.fingerprint } },
            billing_details: { email: BUYER.email, name: BUYER.full, phone: BUYER.phone, address: postal },
          },
        },
      },
    },
  },
};

const paypal: Payload = {
  gateway: "paypal",
  told: [
    ...["WH-1Fake", "PAYMENT.CAPTURE.COMPLETED", "capture", "2GG27Fake", "COMPLETED", "19.99", "EUR", ID, AT],
    "5O190127TNFake",
  ],
  body: {
    ...{
      id: "WH-1Fake",
      event_version: "1.0",
      create_time: AT,
      resource_type: "capture",
      resource_version: "2.0",
    },
    ...{ event_type: "PAYMENT.CAPTURE.COMPLETED", summary: `${BUYER.full} paid EUR 19.99` },
    resource: {
      ...{ id: "2GG27Fake", amount: { currency_code: "EUR", value: "19.99" }, final_capture: true },
      ...{ status: "COMPLETED", create_time: AT, update_time: AT, custom_id: ID, invoice_id: BUYER.words },
      note_to_payer: BUYER.words,
      payee: { email_address: BUYER.email, merchant_id: "MERCHANTFAKE" },
      payer: {
        ...{ email_address: BUYER.email, payer_id: BUYER.fingerprint, birth_date: BUYER.birthday },
        ...{ name: { given_name: BUYER.given, surname: BUYER.surname }, address: postal },
        phone: { phone_number: { national_number: BUYER.nationalPhone } },
      },
      payment_source: { paypal: { email_address: BUYER.email, account_id: BUYER.fingerprint } },
      seller_receivable_breakdown: {
        ...{
          gross_amount: { currency_code: "EUR", value: "19.99" },
          paypal_fee: { currency_code: "EUR", value: "0.94" },
        },
      },
      supplementary_data: { related_ids: { order_id: "5O190127TNFake" } },
      links: [
        { href: `https://api-m.paypal.com/v2/payments/captures/${BUYER.email}`, rel: "self", method: "GET" },
      ],
    },
    links: [],
  },
};

const paypalOrder: Payload = {
  gateway: "paypal",
  told: ["CHECKOUT.ORDER.APPROVED", "5O190127TNFake", "APPROVED", ID, "CAPTURE", "AUTH1Fake"],
  body: {
    ...{
      id: "WH-2Fake",
      create_time: AT,
      resource_type: "checkout-order",
      event_type: "CHECKOUT.ORDER.APPROVED",
    },
    resource: {
      ...{ id: "5O190127TNFake", intent: "CAPTURE", status: "APPROVED" },
      payer: { email_address: BUYER.email, name: { given_name: BUYER.given, surname: BUYER.surname } },
      purchase_units: [
        {
          ...{
            reference_id: "default",
            custom_id: ID,
            description: BUYER.words,
            soft_descriptor: BUYER.surname,
          },
          amount: { currency_code: "EUR", value: "19.99" },
          shipping: { name: { full_name: BUYER.full }, address: { address_line_1: BUYER.street, ...postal } },
          payments: { authorizations: [{ id: "AUTH1Fake", status: "CREATED" }] },
        },
      ],
    },
  },
};

const adyen: Payload = {
  gateway: "adyen",
  told: [ID, "AUTHORISATION", "QFQTPCQ8HXSKGK82", 1999, "EUR", "true", "visa", "2026-11-25T14:30:05+01:00"],
  body: {
    live: "false",
    notificationItems: [
      {
        NotificationRequestItem: {
          ...{ eventCode: "AUTHORISATION", success: "true", eventDate: "2026-11-25T14:30:05+01:00" },
          ...{
            merchantAccountCode: "FakeMerchantECOM",
            merchantReference: ID,
            pspReference: "QFQTPCQ8HXSKGK82",
          },
          ...{ amount: { currency: "EUR", value: 1999 }, operations: ["CANCEL", "CAPTURE", "REFUND"] },
          ...{ paymentMethod: "visa", reason: `${BUYER.authCode}:${BUYER.last4}:03/2030` },
          additionalData: {
            ...{ cardHolderName: BUYER.full, cardSummary: BUYER.last4, cardBin: BUYER.bin, iban: BUYER.iban },
            ...{
              authCode: BUYER.authCode,
              shopperEmail: BUYER.email,
              shopperIP: BUYER.ip,
              expiryDate: "03/2030",
            },
            ...{
              shopperReference: BUYER.surname,
              "deliveryAddress.street": BUYER.street,
              alias: BUYER.fingerprint,
            },
            ...{ bankAccountOwnerName: BUYER.full, shopperTelephone: BUYER.phone },
          },
        },
      },
    ],
  },
};

const mollie: Payload = {
  gateway: "mollie",
  told: [
    "event_Fake1",
    "payment.paid",
    "tr_Fake1",
    "paid",
    "19.99",
    "EUR",
    "2026-11-25T14:30:05+00:00",
    "test",
  ],
  body: {
    ...{ resource: "event", id: "event_Fake1", type: "payment.paid", entityId: "tr_Fake1" },
    createdAt: "2026-11-25T14:30:05+00:00",
    _embedded: {
      entity: {
        ...{ resource: "payment", id: "tr_Fake1", mode: "test", status: "paid", method: "ideal" },
        ...{ createdAt: "2026-11-25T14:30:05+00:00", paidAt: "2026-11-25T14:31:00+00:00" },
        ...{
          amount: { currency: "EUR", value: "19.99" },
          amountRefunded: { currency: "EUR", value: "0.00" },
        },
        ...{ description: BUYER.words, metadata: { transaction_id: ID, for: BUYER.full } },
        ...{ billingAddress: { givenName: BUYER.given, email: BUYER.email, ...postal }, locale: "nl_NL" },
        shippingAddress: { familyName: BUYER.surname, streetAndNumber: BUYER.street, phone: BUYER.phone },
        details: {
          ...{ consumerName: BUYER.full, consumerAccount: BUYER.iban, consumerBic: "FAKENL2A" },
          ...{ cardHolder: BUYER.full, cardNumber: BUYER.last4, cardFingerprint: BUYER.fingerprint },
        },
        webhookUrl: `https://pay.example/webhooks/mollie?proof=${BUYER.fingerprint}`,
        _links: {
          self: { href: `https://api.mollie.com/v2/payments/${BUYER.email}`, type: "application/hal+json" },
        },
      },
    },
  },
};

const mollieClassic: Payload = { gateway: "mollie", told: ["tr_Fake1"], body: "id=tr_Fake1" };

const razorpay: Payload = {
  gateway: "razorpay",
  told: [
    ...[
      "payment_link.paid",
      "plink_Fake1",
      "order_Fake1",
      "pay_Fake1",
      "captured",
      "upi",
      "INR",
      199_900,
      ID,
    ],
    SECONDS,
  ],
  body: {
    ...{ entity: "event", account_id: "acc_Fake1", event: "payment_link.paid", created_at: SECONDS },
    contains: ["payment_link", "order", "payment"],
    payload: {
      payment_link: {
        entity: {
          ...{ id: "plink_Fake1", amount: 199_900, amount_paid: 199_900, currency: "INR", status: "paid" },
          ...{ customer: { name: BUYER.full, email: BUYER.email, contact: BUYER.phone }, reference_id: ID },
          ...{ description: BUYER.words, expire_by: SECONDS, notes: { transaction_id: ID, to: BUYER.words } },
          ...{
            notify: { email: true, sms: true },
            short_url: "https://rzp.io/i/fake",
            user_id: BUYER.surname,
          },
        },
      },
      order: {
        entity: {
          id: "order_Fake1",
          amount: 199_900,
          currency: "INR",
          receipt: ID,
          status: "paid",
          attempts: 1,
        },
      },
      payment: {
        entity: {
          ...{ id: "pay_Fake1", entity: "payment", amount: 199_900, currency: "INR", status: "captured" },
          ...{
            order_id: "order_Fake1",
            method: "upi",
            captured: true,
            card_id: null,
            bank: null,
            wallet: null,
          },
          ...{ email: BUYER.email, contact: BUYER.phone, vpa: BUYER.vpa, description: `#${BUYER.words}` },
          ...{ fee: 4718, tax: 720, created_at: SECONDS, error_description: `${BUYER.full} has too little` },
          card: { id: "card_Fake1", name: BUYER.full, last4: BUYER.last4, iin: BUYER.bin, network: "Visa" },
          upi: { payer_account_type: "bank_account", vpa: BUYER.vpa },
          acquirer_data: { rrn: BUYER.authCode, upi_transaction_id: BUYER.fingerprint },
          notes: { gift: BUYER.words, phone: BUYER.nationalPhone },
        },
      },
    },
  },
};

const paystack: Payload = {
  gateway: "paystack",
  told: ["charge.success", ID, "success", 199_900, "NGN", 2_009_945_086, "card", "2026-11-25T14:30:05.000Z"],
  body: {
    event: "charge.success",
    data: {
      ...{
        id: 2_009_945_086,
        domain: "test",
        status: "success",
        reference: ID,
        amount: 199_900,
        currency: "NGN",
      },
      ...{ paid_at: "2026-11-25T14:30:05.000Z", created_at: "2026-11-25T14:29:00.000Z", channel: "card" },
      ...{
        ip_address: BUYER.ip,
        message: BUYER.words,
        gateway_response: `Approved for ${BUYER.full}`,
        fees: 1500,
      },
      log: {
        ...{ start_time: SECONDS, time_spent: 9, attempts: 1, mobile: true, input: [BUYER.email] },
        history: [{ type: "input", message: `Filled these fields: ${BUYER.card}, ${BUYER.cvc}`, time: 7 }],
      },
      customer: {
        ...{
          id: 68_324,
          first_name: BUYER.given,
          last_name: BUYER.surname,
          email: BUYER.email,
          phone: BUYER.phone,
        },
        customer_code: BUYER.fingerprint,
      },
      authorization: {
        ...{ authorization_code: BUYER.fingerprint, bin: BUYER.bin, last4: BUYER.last4, exp_month: "12" },
        ...{ account_name: BUYER.full, bank: "Fake Bank", card_type: "visa", signature: BUYER.fingerprint },
      },
      metadata: {
        cart: "7",
        custom_fields: [{ display_name: "Gift", value: BUYER.words }],
        referrer: BUYER.email,
      },
      source: { type: "api", source: "merchant_api", identifier: BUYER.email },
      subaccount: { bank_account: BUYER.iban, primary_contact_name: BUYER.full },
    },
  },
};

const square: Payload = {
  gateway: "square",
  told: ["payment.updated", "EVT-fake-1", "PAYfake1", "COMPLETED", "ORDfake1", 1999, "EUR", "LFAKE", AT, ID],
  body: {
    ...{ merchant_id: "MFAKE", type: "payment.updated", event_id: "EVT-fake-1", created_at: AT },
    data: {
      ...{ type: "payment", id: "PAYfake1" },
      object: {
        payment: {
          ...{
            id: "PAYfake1",
            status: "COMPLETED",
            source_type: "CARD",
            location_id: "LFAKE",
            order_id: "ORDfake1",
          },
          ...{ amount_money: { amount: 1999, currency: "EUR" }, created_at: AT, updated_at: AT, version: 3 },
          ...{
            reference_id: ID,
            buyer_email_address: BUYER.email,
            buyer_phone_number: BUYER.phone,
            note: BUYER.words,
          },
          ...{
            customer_id: BUYER.fingerprint,
            receipt_number: BUYER.authCode,
            statement_description_identifier: "SQ",
          },
          billing_address: {
            first_name: BUYER.given,
            last_name: BUYER.surname,
            address_line_1: BUYER.street,
          },
          shipping_address: { locality: BUYER.city, postal_code: BUYER.postcode },
          card_details: {
            ...{ status: "CAPTURED", auth_result_code: BUYER.authCode, statement_description: BUYER.words },
            card: {
              last_4: BUYER.last4,
              bin: BUYER.bin,
              cardholder_name: BUYER.full,
              fingerprint: BUYER.fingerprint,
            },
          },
          device_details: { device_name: `${BUYER.given}'s phone`, ip: BUYER.ip },
          receipt_url: `https://squareup.com/receipt/${BUYER.fingerprint}`,
        },
      },
    },
  },
};

/** Of the protocol that the sandbox speaks too; a gateway may send more than it must. */
const generic = (gateway: "generic" | "sandbox"): Payload => ({
  gateway,
  told: ["evt_fake_1", ID, "success", 1999, "EUR", 500, AT],
  body: {
    ...{ event_id: "evt_fake_1", transaction_id: ID, status: "success", amount: 1999, currency: "EUR" },
    ...{ amount_refunded: 500, occurred_at: AT, buyer: { email: BUYER.email }, card_number: BUYER.card },
    ...{
      comment: BUYER.words,
      birth_date: `${BUYER.birthday}T00:00:00Z`,
      payer_ip: BUYER.ip,
      name: BUYER.given,
    },
  },
});

export const PAYLOADS: readonly Payload[] = [
  ...[stripe, stripeIntent, paypal, paypalOrder, adyen, mollie, mollieClassic, razorpay, paystack, square],
  ...[generic("generic"), generic("sandbox")],
];
