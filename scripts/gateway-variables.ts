/** What `npm run deploy` asks for a gateway: what it cannot do without, all of which is put as secrets. */

/** By the gateway's id; a test holds the names against the adapters. */
export const GATEWAY_VARIABLES: Readonly<Record<string, readonly string[]>> = {
  stripe: ["STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET"],
  paypal: ["PAYPAL_CLIENT_ID", "PAYPAL_CLIENT_SECRET", "PAYPAL_WEBHOOK_ID"],
  adyen: ["ADYEN_API_KEY", "ADYEN_MERCHANT_ACCOUNT", "ADYEN_HMAC_KEY", "ADYEN_API_URL"],
  mollie: ["MOLLIE_API_KEY", "MOLLIE_WEBHOOK_SECRET"],
  razorpay: ["RAZORPAY_KEY_ID", "RAZORPAY_KEY_SECRET", "RAZORPAY_WEBHOOK_SECRET"],
  paystack: ["PAYSTACK_SECRET_KEY"],
  square: ["SQUARE_ACCESS_TOKEN", "SQUARE_LOCATION_ID", "SQUARE_WEBHOOK_SIGNATURE_KEY"],
  generic: ["GENERIC_GATEWAY_URL", "GENERIC_GATEWAY_API_KEY", "GENERIC_GATEWAY_WEBHOOK_SECRET"],
};
