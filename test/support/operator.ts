/**
 * An operator at a browser, before the real app: keeps cookies, sends Origin as browsers do, follows redirects, and
 * fills in the forms that the pages have.
 */
import { expect } from "vitest";
import { createSystem, type System, selectRow } from "./system.ts";

/** Visibly fake: for tests alone. */
export const PASSWORD = "console-password-for-tests-only";

/** What an answer showed. */
export interface Page {
  readonly status: number;
  readonly headers: Headers;
  /** Its path and query, after all redirects. */
  readonly address: string;
  readonly html: string;
  /** What is to be read in it, its blanks made one. */
  readonly text: string;
  readonly forms: readonly Form[];
  /** Where its links lead. */
  readonly links: readonly string[];
}

export interface Form {
  readonly method: string;
  readonly action: string;
  /** As they are filled in. */
  readonly fields: Readonly<Record<string, string>>;
  /** What its button says. */
  readonly button: string;
}

/** A field that is undefined is left out. */
export type Changes = Readonly<Record<string, string | undefined>>;

type SentHeaders = Readonly<Record<string, string>>;

let addresses = 0;

export class Operator {
  readonly cookies = new Map<string, string>();
  readonly #system: System;
  readonly #origin: string;
  readonly #address: string;

  constructor(system: System) {
    this.#system = system;
    this.#origin = system.services.config.publicUrl;
    addresses += 1;
    this.#address = `2001:db8:${addresses.toString(16)}::1`;
  }

  /** One request and its answer, which may be a redirect. */
  async send(method: string, path: string, headers: SentHeaders = {}, body?: string): Promise<Response> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const init = {
      method,
      headers: { "cf-connecting-ip": this.#address, ...(cookie ? { cookie } : {}), ...headers },
      ...(body === undefined ? {} : { body }),
    };
    const response = await this.#system.fetch(new Request(`${this.#origin}${path}`, init));
    for (const line of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      this.cookies.set(name, value);
    }
    return response;
  }

  /** As a browser sends a form. */
  post(path: string, fields: Changes): Promise<Response> {
    const said = Object.entries(fields).filter((entry): entry is [string, string] => entry[1] !== undefined);
    const headers = {
      "content-type": "application/x-www-form-urlencoded",
      ...{ origin: this.#origin, "sec-fetch-site": "same-origin" },
    };
    return this.send("POST", path, headers, new URLSearchParams(said).toString());
  }

  /** A page, after its redirects. */
  async open(path: string): Promise<Page> {
    return this.#follow(await this.send("GET", path), path);
  }

  /** Sends the form of a page that is no sign-out, with changes, and shows what comes of it. */
  async submit(page: Page, changes: Changes = {}): Promise<Page> {
    const { action, fields } = formOf(page);
    return this.#follow(await this.post(action, { ...fields, ...changes }), action);
  }

  /** Opens the confirmation of a deed and does it. */
  async confirm(path: string, changes: Changes = {}): Promise<Page> {
    return this.submit(await this.open(path), changes);
  }

  async signIn(name: string): Promise<void> {
    const page = await this.submit(await this.open("/console/sign-in"), { name, password: PASSWORD });
    expect([page.status, page.address]).toEqual([200, "/console"]);
  }

  async #follow(response: Response, path: string): Promise<Page> {
    const location = response.headers.get("location");
    return location === null ? readPage(response, path) : this.open(location);
  }
}

/** A system whose console is open, and an operator who is in. */
export async function openConsole(
  variables: Record<string, unknown> = {},
): Promise<{ system: System; operator: Operator }> {
  const system = await createSystem({ CONSOLE_PASSWORD: PASSWORD, ...variables });
  return { system, operator: await signIn(system) };
}

export async function signIn(system: System, name = "Ada"): Promise<Operator> {
  const operator = new Operator(system);
  await operator.signIn(name);
  return operator;
}

/** The form that is there beside the one that signs out. */
export function formOf({ forms, status, text }: Page): Form {
  const [form, ...others] = forms.filter(
    ({ method, action }) => method === "post" && !/sign-out/.test(action),
  );
  if (!form || others.length > 0) {
    throw new Error(`not one form, but ${others.length + (form ? 1 : 0)}: ${status} ${text}`);
  }
  return form;
}

/** What is to be read in each row of a page's table, but for its heads. */
export function rowsOf({ html }: Page): string[] {
  const [, body = ""] = /<tbody>([\s\S]*?)<\/tbody>/.exec(html) ?? [];
  return [...body.matchAll(/<tr>([\s\S]*?)<\/tr>/g)].map(([, row = ""]) => toText(row));
}

/** The last thing that an operator did, as it is recorded. */
export function lastAction() {
  return selectRow<{
    action: string;
    actor: string;
    note: string | null;
    outcome: string | null;
    transaction_id: string | null;
  }>("SELECT action, actor, note, outcome, transaction_id FROM operator_actions ORDER BY id DESC LIMIT 1");
}

export async function countActions(): Promise<number> {
  return (await selectRow<{ count: number }>("SELECT count(*) AS count FROM operator_actions"))?.count ?? 0;
}

async function readPage(response: Response, address: string): Promise<Page> {
  const html = await response.text();
  const { status, headers } = response;
  const body = html.replace(/^[\s\S]*?<body/, "<body");
  const links = [...html.matchAll(/<a\b[^>]*?\shref="([^"]*)"/g)].map(([, href = ""]) => decode(href));
  return { status, headers, address, html, text: toText(body), forms: readForms(html), links };
}

function readForms(html: string): Form[] {
  return [...html.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/g)].map(([, head = "", inside = ""]) => {
    const { method = "get", action = "" } = attributesOf(head);
    return {
      method,
      action,
      fields: readControls(inside),
      button: toText(/<button[\s\S]*<\/button>/.exec(inside)?.[0] ?? ""),
    };
  });
}

function readControls(html: string): Record<string, string> {
  const inputs = [...html.matchAll(/<input\b([^>]*)>/g)].map(([, text = ""]) => attributesOf(text));
  const areas = [...html.matchAll(/<textarea\b([^>]*)>([\s\S]*?)<\/textarea>/g)].map(
    ([, text = "", value = ""]) => ({
      ...attributesOf(text),
      // A browser leaves out the line break that begins it.
      value: decode(value.replace(/^\n/, "")),
    }),
  );
  const named: Record<string, string>[] = [...inputs, ...areas];
  return Object.fromEntries(
    named.flatMap(({ name, value = "" }) => (name === undefined ? [] : [[name, value]])),
  );
}

function attributesOf(text: string): Record<string, string> {
  const found = text.matchAll(/([\w-]+)(?:="([^"]*)")?/g);
  return Object.fromEntries([...found].map(([, name = "", value = ""]) => [name, decode(value)]));
}

function toText(html: string): string {
  return decode(html.replace(/<[^>]*>/g, " "))
    .replace(/\s+/g, " ")
    .trim();
}

const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'" };

function decode(text: string): string {
  return text.replace(/&(amp|lt|gt|quot|#39);/g, (_, name: string) => ENTITIES[name] ?? "");
}
