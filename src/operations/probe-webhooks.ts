/**
 * Webhooks about nothing, for whoever wants to see that the way in is open for what is signed, and for nothing else.
 * They take the way that a gateway's take, and change nothing.
 */
import { type Gateway, TEST_ID } from "../gateways/gateway.ts";
import type { Services } from "../services.ts";
import { type Finding, fault, ok } from "./finding.ts";
import { PROBE_HEADER, probeMark } from "./probe-mark.ts";

export interface SignedProbe {
  readonly gateway: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** The answer's status. A probe that is taken is "ignored". */
  readonly expects: 200 | 401;
}

/** Of each gateway one that is signed, where we can sign as it does; and one that is forged. To be sent within minutes. */
export async function signProbes(services: Services): Promise<SignedProbe[]> {
  const probes = [...services.gateways.values()].map((gateway) => signFor(services, gateway));
  return (await Promise.all(probes)).flat();
}

async function signFor(services: Services, gateway: Gateway): Promise<SignedProbe[]> {
  const url = `${services.config.publicUrl}/webhooks/${gateway.id}`;
  const signed = await gateway.probe?.(url);
  const { headers = {}, body = "{}" } = signed ?? {};
  const sent = { gateway: gateway.id, url, headers: { "content-type": "application/json", ...headers } };
  const forged = {
    ...sent,
    headers: { ...sent.headers, [PROBE_HEADER]: await probeMark(services) },
    // As long as before, and still well-formed.
    body: body.replace(TEST_ID, "txn_"),
    expects: 401 as const,
  };
  return signed ? [{ ...sent, body, expects: 200 }, forged] : [forged];
}

/** Sends a gateway's probes through the whole Worker, as if they came from outside. */
export async function examineProbes(services: Services, gateway: Gateway): Promise<Finding> {
  const check = `${gateway.id}: way in`;
  const probes = await signFor(services, gateway);
  const answers = await Promise.all(probes.map((probe) => send(services, probe)));
  const wrong = answers.find(({ expected, got }) => expected !== got);
  if (wrong?.expected === "401") {
    return fault(
      check,
      `A webhook that nobody signed got ${wrong.got}, where 401 was expected.`,
      `Take ${gateway.id} out of service: whoever knows the address can tell you that orders are paid.`,
    );
  }
  if (wrong) {
    return fault(
      check,
      `A webhook that is signed as ${gateway.title} signs got ${wrong.got}, where ${wrong.expected} was expected.`,
      "Look at the Worker's log (npx wrangler tail) for webhook.rejected and request.failed.",
    );
  }
  return ok(
    check,
    gateway.probe
      ? "A signed webhook is taken, a forged one is refused."
      : `A forged webhook is refused. Only ${gateway.title} itself can sign a good one.`,
  );
}

async function send(services: Services, { url, headers, body, expects }: SignedProbe) {
  const expected = expects === 200 ? "200 ignored" : "401";
  try {
    const response = await services.fetch(new Request(url, { method: "POST", headers, body }));
    const text = await response.text();
    const [, outcome = ""] = /"outcome":"(\w+)"/.exec(text) ?? [];
    return { expected, got: `${response.status} ${outcome}`.trim() };
  } catch {
    return { expected, got: "no answer" };
  }
}
