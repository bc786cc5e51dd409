/**
 * A browser in front of the console, whose only page tells who is in. It keeps its cookies, and says where its forms
 * come from, as browsers do.
 */
import { Hono } from "hono";
import type { AppBindings, AppEnv } from "../../src/http/app-env.ts";
import { readForm } from "../../src/http/console-form.ts";
import { operatorOnly } from "../../src/http/console-session.ts";
import { isProblem, problemResponse } from "../../src/http/problem.ts";
import { consoleSignInRoutes } from "../../src/http/routes/console-sign-in.tsx";
import { createSystem, type System } from "./system.ts";

/** Visibly fake: for tests alone. */
export const PASSWORD = "console-password-for-tests-only";

interface Site {
  fetch(request: Request, bindings: AppBindings): Response | Promise<Response>;
}

const site = new Hono<AppEnv>();
site.route("/console", consoleSignInRoutes);
site.use("/console/*", operatorOnly);
site.get("/console/me", (c) => c.json(c.get("operator")));
site.post("/console/me", async (c) => c.json(Object.fromEntries(await readForm(c))));
site.onError((error, c) => {
  if (!isProblem(error)) {
    throw error;
  }
  return problemResponse(error, c.env.requestId);
});

/** A system whose console is open by the password. */
export function openConsole(variables: Record<string, unknown> = {}): Promise<System> {
  return createSystem({ CONSOLE_PASSWORD: PASSWORD, ...variables });
}

/** A browser whose operator is in, and the token of their forms. */
export async function signedIn(system: System, name = "Ada"): Promise<{ browser: Browser; csrf: string }> {
  const browser = new Browser(system);
  await browser.signIn({ name });
  const me = await browser.me();
  if (!me) {
    throw new Error("the sign-in did not work");
  }
  return { browser, csrf: me.csrf };
}

/** Undefined: the header is not sent. */
type SentHeaders = Readonly<Record<string, string | undefined>>;

export class Browser {
  readonly cookies = new Map<string, string>();
  readonly address: string;
  readonly #system: System;
  readonly #origin: string;
  readonly #site: Site;

  /** @param elsewhere another site than the one of a single page */
  constructor(system: System, address = newAddress(), elsewhere: Site = site) {
    this.#system = system;
    this.#origin = system.services.config.publicUrl;
    this.address = address;
    this.#site = elsewhere;
  }

  async send(method: string, path: string, headers: SentHeaders = {}, body?: BodyInit): Promise<Response> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const all = { "cf-connecting-ip": this.address, ...(cookie ? { cookie } : {}), ...headers };
    const sent = Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined);
    const request = new Request(`${this.#origin}${path}`, {
      method,
      headers: sent,
      ...(body === undefined ? {} : { body }),
    });
    const { services } = this.#system;
    const response = await this.#site.fetch(request, { services, requestId: "test", sandbox: null });
    this.#keep(response);
    return response;
  }

  get(path: string, headers: SentHeaders = {}): Promise<Response> {
    return this.send("GET", path, headers);
  }

  post(path: string, fields: Readonly<Record<string, string>> = {}, headers: SentHeaders = {}) {
    const type = { "content-type": "application/x-www-form-urlencoded" };
    const from = { origin: this.#origin, "sec-fetch-site": "same-origin" };
    return this.send("POST", path, { ...type, ...from, ...headers }, new URLSearchParams(fields).toString());
  }

  signIn(fields: Readonly<Record<string, string>> = {}, headers: SentHeaders = {}): Promise<Response> {
    return this.post("/console/sign-in", { name: "Ada", password: PASSWORD, ...fields }, headers);
  }

  /** Who is in; null for a stranger. */
  async me(headers: SentHeaders = {}): Promise<{ actor: string; csrf: string; signOut: string } | null> {
    const response = await this.get("/console/me", headers);
    return response.status === 200 ? await response.json() : null;
  }

  /** What it would be to steal them. */
  copyCookiesTo(other: Browser): Browser {
    for (const [name, value] of this.cookies) {
      other.cookies.set(name, value);
    }
    return other;
  }

  #keep(response: Response): void {
    for (const line of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      this.cookies.set(name, value);
      if (/; Max-Age=0(;|$)/i.test(line)) {
        this.cookies.delete(name);
      }
    }
  }
}

let addresses = 0;

/** An address that no other test has. */
function newAddress(): string {
  addresses += 1;
  return `198.51.${100 + Math.floor(addresses / 250)}.${addresses % 250}`;
}
