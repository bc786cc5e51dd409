/**
 * A vendor's OpenAPI 3.0 documents as judges of requests and answers. Stricter than they are themselves: a property or
 * a parameter that they do not name is a fault, and so is one in a request that they call read-only.
 */
import { Ajv2019, type ValidateFunction } from "ajv/dist/2019.js";
import formats from "ajv-formats";

type Json = Record<string, unknown>;
type Side = "request" | "response";

export interface OpenApi {
  readonly servers: readonly { readonly url: string }[];
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { readonly parameters?: Record<string, Parameter> };
}
interface Operation {
  readonly parameters?: readonly (Parameter | { readonly $ref: string })[];
  readonly requestBody?: { readonly required?: boolean };
  readonly responses: Record<string, { readonly $ref?: string }>;
  readonly security?: readonly unknown[];
}
interface Parameter {
  readonly name: string;
  readonly in: "path" | "query" | "header";
  readonly required?: boolean;
  readonly schema: Json;
}
interface Place extends Operation {
  /** As the document has it: "GET /orders/{id}". */
  readonly name: string;
  /** Where it stands in which document. */
  readonly document: number;
  readonly pointer: string;
  readonly path: Record<string, string>;
}

/** Whatever is said of these as parameters is ignored: OpenAPI 3.0.3, "Parameter Object". */
const NO_PARAMETERS = ["accept", "authorization", "content-type"];
const BODY = "/content/application~1json/schema";

export interface Verdict {
  /** Null where no document knows it. */
  readonly operation: string | null;
  readonly faults: readonly string[];
}

/** @returns what judges a request, and its answer where there is one; the bodies are not used up */
export function createJudge(documents: readonly OpenApi[]) {
  const create = (coerceTypes: boolean) => {
    const lenient = { strict: false, validateSchema: false, logger: false, unicodeRegExp: false } as const;
    const quick = { inlineRefs: false, code: { optimize: false } };
    return formats.default(new Ajv2019({ ...lenient, ...quick, allErrors: true, coerceTypes }));
  };
  const [bodies, texts] = [create(false), create(true)];
  for (const [index, document] of documents.entries()) {
    for (const side of ["request", "response"] as const) {
      bodies.addSchema({ ...(close(document, side) as Json), $id: `${side}${index}` });
    }
  }

  function judgeBody(side: Side, { document }: Place, pointer: string, text: string): string[] {
    const valid = bodies.getSchema(`${side}${document}#${pointer}${BODY}`);
    return valid ? toFaults(valid, parse(text)) : ["no body is documented"];
  }

  function judgeParameters(
    place: Place,
    kind: Parameter["in"],
    entries: Iterable<[string, string]>,
  ): string[] {
    const $id = `${place.document}${place.pointer}/${kind}`;
    const known = documents[place.document]?.components.parameters ?? {};
    const toValid = () => {
      const all = (place.parameters ?? []).map((it) =>
        "$ref" in it ? known[it.$ref.replace("#/components/parameters/", "")] : it,
      );
      return texts.compile({ $id, ...toSchema(all.filter((it) => it?.in === kind) as Parameter[]) });
    };
    const given = [...entries].filter(([name]) => kind !== "header" || !NO_PARAMETERS.includes(name));
    return toFaults(texts.getSchema($id) ?? toValid(), Object.fromEntries(given));
  }

  async function judgeRequest(request: Request, place: Place): Promise<string[]> {
    const { headers } = request;
    const text = await request.clone().text();
    const isOpen = place.security && !/^Bearer \S+$/.test(headers.get("authorization") ?? "");
    const isOther = text !== "" && headers.get("content-type") !== "application/json";
    return [
      ...judgeParameters(place, "path", Object.entries(place.path)),
      ...judgeParameters(place, "query", new URL(request.url).searchParams),
      ...judgeParameters(place, "header", headers),
      ...(isOpen ? ["no access token"] : []),
      ...(isOther ? ["a body that is not called JSON"] : []),
      ...(text === "" && !place.requestBody?.required
        ? []
        : judgeBody("request", place, `${place.pointer}/requestBody`, text)),
    ];
  }

  async function judgeResponse(response: Response, place: Place): Promise<string[]> {
    const status = String(response.status) in place.responses ? response.status : "default";
    const pointer = place.responses[status]?.$ref?.slice(1) ?? `${place.pointer}/responses/${status}`;
    const faults = judgeBody("response", place, pointer, await response.clone().text());
    return faults.map((fault) => `answer: ${fault}`);
  }

  return async (request: Request, response?: Response): Promise<Verdict> => {
    const [place] = documents.flatMap((document, index) => findPlaces(document, index, request));
    if (!place) {
      return { operation: null, faults: ["no operation"] };
    }
    const answered = response ? await judgeResponse(response, place) : [];
    return { operation: place.name, faults: [...(await judgeRequest(request, place)), ...answered] };
  };
}

function findPlaces({ servers, paths }: OpenApi, document: number, { method, url }: Request): Place[] {
  const { origin, pathname } = new URL(url);
  const verb = method.toLowerCase();
  const all = servers.some((server) => server.url === origin) ? Object.entries(paths) : [];
  return all.flatMap(([template, { [verb]: operation }]) => {
    const found = new RegExp(`^${template.replaceAll(/\{(\w+)\}/g, "(?<$1>[^/]+)")}$`).exec(pathname);
    const pointer = `/paths/${encodeURIComponent(template.replaceAll("/", "~1"))}/${verb}`;
    const place = { name: `${method} ${template}`, document, pointer, path: { ...found?.groups } };
    return found && operation ? [{ ...operation, ...place }] : [];
  });
}

/** Lets each value hold what its schema names, by itself or by those that it is made of, and nothing else. */
function close(node: unknown, side: Side, isValue = false): unknown {
  if (Array.isArray(node)) {
    return node.map((each) => close(each, side));
  }
  if (node === null || typeof node !== "object") {
    return node;
  }
  const entries = Object.entries(node).map(([key, inner]) => {
    if (key !== "properties") {
      return [key, close(inner, side, key === "items" || key === "schema")];
    }
    const named = Object.entries<Json>(inner).filter(([, it]) => side === "response" || it.readOnly !== true);
    return [key, Object.fromEntries(named.map(([name, each]) => [name, close(each, side, true)]))];
  });
  return { ...Object.fromEntries(entries), ...(isValue ? { unevaluatedProperties: false } : {}) };
}

function toSchema(parameters: readonly Parameter[]): Json {
  const named = parameters
    .map((each) => (each.in === "header" ? { ...each, name: each.name.toLowerCase() } : each))
    .filter(({ name }) => !NO_PARAMETERS.includes(name));
  const properties = Object.fromEntries(named.map(({ name, schema }) => [name, schema]));
  const required = named.filter((each) => each.required).map(({ name }) => name);
  return { type: "object", properties, required, additionalProperties: false };
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
