/**
 * The system's own OpenAPI document as the judge of all that it answers, sends and tells: whatever is not described
 * there (a status, a header, a field, a code) is a fault. It is read once in a process, from the first system.
 */
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import formats from "ajv-formats";

type Json = Readonly<Record<string, unknown>>;

interface Described {
  readonly headers?: Readonly<Record<string, { readonly $ref?: string; readonly required?: boolean }>>;
  readonly content?: Json;
}

interface Operation {
  readonly parameters?: readonly { readonly in?: string; readonly name?: string }[];
  readonly requestBody?: { readonly required?: boolean; readonly content: Json };
  readonly responses: Readonly<Record<string, Described>>;
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly headers: Readonly<Record<string, { readonly required?: boolean }>> };
}

export interface Exchange {
  readonly method: string;
  readonly url: string | URL;
  /** As it was sent; undefined where there was none, or where it is no text. */
  readonly sent?: string | undefined;
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

const ID = "contract";
/** Other parties' pages, the operators', and the development server's own; and what pages load. */
const ELSEWHERE = /^\/((demo|sandbox|console|cdn-cgi)(\/|$)|$)|\.(css|js|svg)$/;
/** Where nothing is described. */
const NOWHERE_CODES = ["not_found", "unauthorized", "payload_too_large", "rate_limited", "misconfigured"];

let reading: Promise<Judge> | undefined;
let judge: Judge | undefined;

export async function readContract(systemUrl: string): Promise<void> {
  reading ??= fetch(new URL("/openapi.json", systemUrl)).then(
    async (answer) => new Judge(await answer.json()),
  );
  judge = await reading;
}

/** `fetch`, and the answer is judged. */
export async function fetchDescribed(url: string | URL, init: RequestInit = {}): Promise<Response> {
  const response = await fetch(url, init);
  const { status, headers } = response;
  const text = await response.clone().text();
  const sent = typeof init.body === "string" ? init.body : undefined;
  expectDescribed({ method: init.method ?? "GET", url, sent, status, headers, text });
  return response;
}

/** @throws Error for an answer that the document does not describe */
export function expectDescribed(exchange: Exchange): void {
  const { method, url, status, text } = exchange;
  const faults = present().judgeAnswer(exchange);
  if (faults.length > 0) {
    throw new Error(`${method} ${url} was answered ${status} ${text.slice(0, 2000)}\n${faults.join("\n")}`);
  }
}

/** @throws Error for a message of the status socket, or a body of an event, that the document does not describe */
export function expectDescribedAs(schema: "StatusUpdate" | "OutgoingEvent", text: string): void {
  const faults = present().judgeBody(`/components/schemas/${schema}`, text);
  if (faults.length > 0) {
    throw new Error(`no ${schema} of /openapi.json: ${text}\n${faults.join("\n")}`);
  }
}

function present(): Judge {
  if (judge === undefined) {
    throw new Error("no system was started, whose document could be the judge");
  }
  return judge;
}

class Judge {
  readonly #document: Document;
  readonly #ajv = new Ajv2020({ strict: false, validateSchema: false, allErrors: true });

  constructor(document: Document) {
    this.#document = document;
    formats.default(this.#ajv);
    this.#ajv.addSchema({ ...(close(document) as Json), $id: ID });
  }

  judgeAnswer(exchange: Exchange): string[] {
    const { pathname } = new URL(exchange.url);
    const [template, operation] = this.#find(exchange.method, pathname);
    if (!template || !operation) {
      return ELSEWHERE.test(pathname) || exchange.method === "OPTIONS" ? [] : this.#judgeNowhere(exchange);
    }
    const place = `/paths/${toSegment(template)}/${exchange.method.toLowerCase()}`;
    const answer = operation.responses[exchange.status];
    if (!answer) {
      return [`the status ${exchange.status} is not described`];
    }
    return [
      ...this.#judgeHeaders(answer, exchange.headers),
      ...this.#judgeContent(answer, `${place}/responses/${exchange.status}`, exchange),
      ...(exchange.status < 300 ? this.#judgeRequest(operation, place, exchange) : []),
    ];
  }

  judgeBody(pointer: string, text: string): string[] {
    const valid = this.#ajv.getSchema(`${ID}#${pointer}`);
    return valid ? toFaults(valid, parse(text)) : [`there is no ${pointer}`];
  }

  /** Paths without a parameter first: of "/inbox/replay" and "/inbox/{id}" the former is meant. */
  #find(method: string, pathname: string): [string | undefined, Operation | undefined] {
    const matching = Object.entries(this.#document.paths).filter(([template]) =>
      new RegExp(`^${template.replaceAll(/\{\w+\}/g, "[^/]+")}$`).test(pathname),
    );
    const [template, methods] = matching.find(([path]) => !path.includes("{")) ?? matching[0] ?? [];
    return [template, methods?.[method.toLowerCase()]];
  }

  #judgeNowhere({ status, headers, text }: Exchange): string[] {
    const { code } = (parse(text) ?? {}) as { code?: string };
    return [
      ...(isOf(headers, "application/problem+json")
        ? []
        : ["nothing is described there, and it is no problem"]),
      ...(NOWHERE_CODES.includes(code ?? "") ? [] : [`nothing is described there: ${status} ${code}`]),
      ...this.judgeBody("/components/schemas/Problem", text),
    ];
  }

  #judgeHeaders({ headers: described = {} }: Described, headers: Headers): string[] {
    return Object.entries(described).flatMap(([name, { $ref = "" }]) => {
      const value = headers.get(name);
      const required = this.#document.components.headers[$ref.split("/").at(-1) ?? ""]?.required;
      if (value === null) {
        return required ? [`the header ${name} is missing`] : [];
      }
      const valid = this.#ajv.getSchema(`${ID}${$ref}/schema`);
      return valid ? toFaults(valid, value).map((fault) => `${name}:${fault}`) : [`there is no ${$ref}`];
    });
  }

  #judgeContent({ content }: Described, pointer: string, { headers, text }: Exchange): string[] {
    if (!content) {
      return text === "" ? [] : ["no body is described"];
    }
    const type = Object.keys(content).find((name) => isOf(headers, name));
    if (type === undefined) {
      return [`a body of the type ${headers.get("content-type")} is not described`];
    }
    const isJson = type.endsWith("json");
    return isJson ? this.judgeBody(`${pointer}/content/${toSegment(type)}/schema`, text) : [];
  }

  /** What was taken must be what may be sent. */
  #judgeRequest(
    { requestBody, parameters = [] }: Operation,
    place: string,
    { url, sent }: Exchange,
  ): string[] {
    const known = parameters.filter((each) => each.in === "query").map(({ name }) => name);
    const unknown = [...new URL(url).searchParams.keys()].filter((name) => !known.includes(name));
    const isJson = requestBody?.content["application/json"] !== undefined;
    return [
      ...unknown.map((name) => `the parameter ${name} is taken, but not described`),
      ...(isJson && requestBody.required && !sent ? ["a body is said to be required"] : []),
      ...(isJson && sent
        ? this.judgeBody(`${place}/requestBody/content/application~1json/schema`, sent).map(
            (it) => `sent:${it}`,
          )
        : []),
    ];
  }
}

/** The document lets clients meet new fields. Here each field of an answer must be described. */
function close(node: unknown): unknown {
  if (Array.isArray(node)) {
    return node.map(close);
  }
  if (node === null || typeof node !== "object") {
    return node;
  }
  const closed = Object.fromEntries(Object.entries(node).map(([key, inner]) => [key, close(inner)]));
  const { type, properties, additionalProperties } = node as Json;
  const isObject = type === "object" || (Array.isArray(type) && type.includes("object"));
  const isOpen = isObject && properties !== undefined && additionalProperties === undefined;
  return isOpen ? { ...closed, additionalProperties: false } : closed;
}

function isOf(headers: Headers, type: string): boolean {
  return headers.get("content-type")?.split(";")[0]?.trim() === type;
}

/** In a JSON pointer that is a URL's fragment. */
function toSegment(part: string): string {
  return encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1"));
}

function toFaults(valid: ValidateFunction, value: unknown): string[] {
  const all = valid(value) ? [] : (valid.errors ?? []);
  return all.map(
    ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
  );
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
