/**
 * The registry: every adapter that can be configured. The sandbox is added by the composition root while it is on.
 * What they read is checked by forms that are `z.lazy`: a Worker starts with all of them, and uses those of one or two.
 */
import { adyen } from "./adyen.ts";
import type { GatewayDefinition } from "./gateway.ts";
import { generic } from "./generic.ts";
import { mollie } from "./mollie.ts";
import { paypal } from "./paypal.ts";
import { paystack } from "./paystack.ts";
import { razorpay } from "./razorpay.ts";
import { square } from "./square.ts";
import { stripe } from "./stripe.ts";

export const GATEWAYS: readonly GatewayDefinition[] = [
  stripe,
  paypal,
  adyen,
  mollie,
  razorpay,
  paystack,
  square,
  generic,
];
