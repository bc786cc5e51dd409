/**
 * `<payment-status>`: shows how a payment stands, and keeps it fresh while it is on the page. Importing this registers
 * it; on a server, where there are no elements, that does nothing. The shop's words come by slots, its looks by parts.
 */
import { type ShownStatus, TEXTS } from "./element-texts.ts";
import {
  type TransactionState,
  type TransactionTarget,
  type TransactionWatch,
  watchTransaction,
} from "./index.ts";

export type { ShownStatus };

const TAG = "payment-status";
const ATTRIBUTES = { url: "url", "transaction-id": "id", "client-secret": "clientSecret" } as const;
const STYLE = ":host{display:block}:host([hidden]){display:none}";

// A server renders the tag alone.
const Base = typeof HTMLElement === "undefined" ? (class {} as typeof HTMLElement) : HTMLElement;

let sheet: CSSStyleSheet | undefined;

/**
 * Attributes `url`, `transaction-id`, `client-secret`, or the properties of the same names. Reflects what it shows as
 * the attribute `status`. Slots: one for each `ShownStatus`, and the unnamed one for what stands there at first. Parts:
 * `status`, the status's own name, and `text` for the words that it brings. Events: `payment-change` with a
 * `TransactionState`, `payment-error` with what `onError` of `watchTransaction` gets, as `detail`; both bubble.
 */
export class PaymentStatusElement extends Base {
  static readonly observedAttributes = Object.keys(ATTRIBUTES);

  #target: TransactionTarget = { url: "", id: "", clientSecret: "" };
  #state: TransactionState | null = null;
  #watch: TransactionWatch | undefined;
  /** What is watched; empty when nothing is. */
  #key = "";
  #region: HTMLElement | undefined;
  #shown: ShownStatus | undefined;

  /** Base URL of the Worker, e.g. `https://pay.example.com`. */
  get url(): string {
    return this.#target.url;
  }
  set url(url: string) {
    this.#retarget({ url });
  }

  /** `txn_…` */
  get transactionId(): string {
    return this.#target.id;
  }
  set transactionId(id: string) {
    this.#retarget({ id });
  }

  /** Does not become an attribute, so that it need not stand in the page. */
  get clientSecret(): string {
    return this.#target.clientSecret;
  }
  set clientSecret(clientSecret: string) {
    this.#retarget({ clientSecret });
  }

  /** What is known of the transaction; null as long as nothing is. */
  get state(): TransactionState | null {
    return this.#state;
  }

  attributeChangedCallback(name: string, _old: string | null, value: string | null): void {
    this.#retarget({ [ATTRIBUTES[name as keyof typeof ATTRIBUTES]]: value ?? "" });
  }

  connectedCallback(): void {
    this.#adoptProperties();
    if (!this.#region) {
      this.#region = this.#render();
      this.#show("unknown");
    }
    this.#schedule();
  }

  disconnectedCallback(): void {
    this.#schedule();
  }

  /** Properties that were set before the element was defined hide the accessors. */
  #adoptProperties(): void {
    for (const name of ["url", "transactionId", "clientSecret"] as const) {
      if (Object.hasOwn(this, name)) {
        const value = this[name];
        delete (this as Partial<Record<typeof name, string>>)[name];
        this[name] = value;
      }
    }
  }

  #retarget(change: Partial<TransactionTarget>): void {
    this.#target = { ...this.#target, ...change };
    this.#schedule();
  }

  /** Three attributes set in a row, or a move within the page, are one change. */
  #schedule(): void {
    queueMicrotask(() => this.#update());
  }

  #update(): void {
    const { url, id, clientSecret } = this.#target;
    const key = this.isConnected && url && id && clientSecret ? [url, id, clientSecret].join(" ") : "";
    if (key !== this.#key) {
      this.#key = key;
      this.#watch?.close();
      this.#watch = undefined;
      if (key) {
        this.#start();
      }
    }
  }

  #start(): void {
    if (this.#state?.transaction_id !== this.#target.id) {
      this.#state = null;
      this.#show("unknown");
    }
    this.#watch = watchTransaction({
      ...this.#target,
      // Back on the page, it goes on from what it shows.
      version: this.#state?.version ?? 0,
      onChange: (state) => {
        this.#state = state;
        this.#show(state.status);
        this.#tell("payment-change", state);
      },
      onError: (error) => {
        if (!this.#state) {
          this.#show("refused");
        }
        this.#tell("payment-error", error);
      },
    });
  }

  #render(): HTMLElement {
    const root = this.attachShadow({ mode: "open" });
    try {
      if (!sheet) {
        // Allowed by every Content-Security-Policy, unlike a style element.
        sheet = new CSSStyleSheet();
        sheet.replaceSync(STYLE);
      }
      root.adoptedStyleSheets = [sheet];
    } catch {
      // Safari before 16.4 has none: the words matter more than their box.
    }
    const region = document.createElement("div");
    // A live region speaks only if it was there before its content changes.
    region.setAttribute("role", "status");
    region.setAttribute("aria-live", "polite");
    root.append(region);
    return region;
  }

  /** A new version of the same status (a refund) is not read aloud again. */
  #show(status: ShownStatus): void {
    if (status === this.#shown) {
      return;
    }
    this.#shown = status;
    const text = document.createElement("span");
    text.part.add("text");
    text.lang = "en";
    text.textContent = TEXTS[status];
    const slot = document.createElement("slot");
    slot.name = status === "unknown" ? "" : status;
    slot.append(text);
    this.#region?.replaceChildren(slot);
    this.#region?.setAttribute("part", `status ${status}`);
    this.setAttribute("status", status);
  }

  #tell(type: string, detail: unknown): void {
    this.dispatchEvent(new CustomEvent(type, { detail, bubbles: true, composed: true }));
  }
}

if (typeof customElements !== "undefined" && !customElements.get(TAG)) {
  customElements.define(TAG, PaymentStatusElement);
}

declare global {
  interface HTMLElementTagNameMap {
    "payment-status": PaymentStatusElement;
  }
  interface GlobalEventHandlersEventMap {
    "payment-change": CustomEvent<TransactionState>;
    "payment-error": CustomEvent<unknown>;
  }
}
