/** What the fakes of the vendors share: how a test handles any of them, and how vendors remember keys. They know nothing of src/. */

/** A webhook as it goes over the wire. */
export interface SentWebhook {
  /** The address that it is sent to. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A vendor with books of its own, for one merchant. Transactions are named by payment-edge's id. */
export interface Vendor {
  /** The adapter's id, and so the path of its webhooks. */
  readonly id: string;
  /** The vendor's API, in good health. Faults are put before it. */
  readonly fetch: (request: Request) => Promise<Response>;
  /** What payment-edge is configured with to reach it at `url`; visibly fake. */
  variables(url: string): Readonly<Record<string, string>>;
  /** The buyer pays on the open page. */
  pay(transactionId: string): void;
  /** The money comes although the page is over. */
  payLate(transactionId: string): void;
  /** Whether the buyer can still pay there. */
  isOpen(transactionId: string): boolean;
  /** The sum of refunds by its books, in minor units. */
  refunded(transactionId: string): number;
  /**
   * What the vendor has to tell since the last time, signed for `now`, in order.
   * @param callbackUrl what the merchant has entered, such as http://localhost:8787/webhooks/stripe
   */
  takeWebhooks(callbackUrl: string): Promise<SentWebhook[]>;
}

interface Remembered {
  readonly fingerprint: string;
  readonly status: number;
  readonly body: string;
}

/** What a vendor answered to a key: the same again for the same request, also where that was a 500. */
export class KeyStore {
  readonly #answers = new Map<string, Remembered>();
  readonly #mismatch: () => Response;

  /** @param mismatch what the vendor says to a known key with another request */
  constructor(mismatch: () => Response) {
    this.#mismatch = mismatch;
  }

  /** @param key null: nothing is remembered */
  async once(key: string | null, fingerprint: string, effect: () => Promise<Response> | Response) {
    const known = key === null ? undefined : this.#answers.get(key);
    if (known) {
      return known.fingerprint === fingerprint
        ? new Response(known.body, { status: known.status, headers: JSON_TYPE })
        : this.#mismatch();
    }
    const response = await effect();
    const { status } = response;
    const body = await response.clone().text();
    if (key !== null && status < 400) {
      this.#answers.set(key, { fingerprint, status, body });
    }
    return response;
  }

  /** From now on this key gets that answer, as after a fault that came too late. */
  remember(key: string, fingerprint: string, status: number, body: unknown): void {
    this.#answers.set(key, { fingerprint, status, body: JSON.stringify(body) });
  }
}

const JSON_TYPE = { "content-type": "application/json" };

/** HMAC without the code under test. */
export async function hmac(
  hash: "SHA-256" | "SHA-512",
  key: string | Uint8Array<ArrayBuffer>,
  data: string | Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = (value: string | Uint8Array<ArrayBuffer>) =>
    typeof value === "string" ? new Uint8Array(new TextEncoder().encode(value)) : value;
  const imported = await crypto.subtle.importKey("raw", bytes(key), { name: "HMAC", hash }, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", imported, bytes(data)));
}
