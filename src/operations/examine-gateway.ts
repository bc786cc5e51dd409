/** The doctor's look at one gateway: is it reached, does it know us, do its webhooks come, do the clocks agree. */
import { type Gateway, GatewayError, TEST_ID } from "../gateways/gateway.ts";
import { readCalls } from "../gateways/journal.ts";
import type { Services } from "../services.ts";
import { type Books, COUNTED_MS } from "./examine-books.ts";
import { type Finding, fault, ok, sayDuration, warning } from "./finding.ts";
import { examineProbes } from "./probe-webhooks.ts";
import { toTimestamp } from "./views.ts";

const SKEW_WARNING_MS = 30_000;
/** Signed webhooks are refused from 5 minutes on. */
const SKEW_FAULT_MS = 4 * 60_000;

/** @param books null where D1 cannot be read */
export async function examineGateway(
  services: Services,
  gateway: Gateway,
  books: Books | null,
): Promise<Finding[]> {
  const [reach, probes] = await Promise.all([
    examineReach(services, gateway),
    examineProbes(services, gateway),
  ]);
  return [
    reach,
    probes,
    ...examineClock(services, gateway, books),
    ...(books ? [examineWebhooks(services, gateway, books)] : []),
    ...(books ? examineRotation(services, gateway, books) : []),
    ...examineLifetime(services, gateway),
  ];
}

const ADDRESSES: Readonly<Record<string, string>> = { generic: "GENERIC_GATEWAY_URL", sandbox: "PUBLIC_URL" };

/** It is asked about what it has never heard of: "missing" proves address and keys. */
async function examineReach({ newId, journal }: Services, gateway: Gateway): Promise<Finding> {
  const check = `${gateway.id}: reached`;
  const { id, title, unknownReference: reference = null } = gateway;
  const transactionId = newId(TEST_ID.slice(0, -1));
  const where = ADDRESSES[id] ?? `${id.toUpperCase()}_API_URL`;
  try {
    await gateway.retrieve({ transactionId, reference });
    const [call] = readCalls(journal.linesOf(transactionId));
    return ok(check, `It knows our keys, and answered in ${call?.durationMs ?? 0} ms.`);
  } catch (error) {
    if (!(error instanceof GatewayError)) {
      throw error;
    }
    return error.kind === "rejected"
      ? warning(
          check,
          `Asked about what it does not know: ${error.message}.`,
          `Check ${where}, or its default.`,
        )
      : fault(
          check,
          `No payment can begin: ${error.message}.`,
          `Check the keys of ${title}, and ${where} if it is set; then the status page of ${title}.`,
        );
  } finally {
    // There is no payment whose timeline it would stand in.
    journal.linesOf(transactionId);
    journal.forget(transactionId);
  }
}

function examineClock({ clocks }: Services, { id, title }: Gateway, books: Books | null): Finding[] {
  const webhook = books?.health.find(({ gateway }) => gateway === id)?.skewMs ?? null;
  const skewMs = clocks.skewOf(id) ?? webhook;
  if (skewMs === null) {
    return [];
  }
  const check = `${id}: clock`;
  const size = Math.abs(skewMs);
  if (size <= SKEW_WARNING_MS) {
    return [ok(check, "Its clock and ours agree.")];
  }
  const says = `Its clock is ${sayDuration(size)} ${skewMs > 0 ? "ahead of" : "behind"} ours.`;
  const judge = size > SKEW_FAULT_MS ? fault : warning;
  return [
    judge(
      check,
      `${says} Signatures of more than 5 min ago or ahead are refused.`,
      `On Cloudflare ours is right: tell ${title}. On your own machine, set its clock.`,
    ),
  ];
}

function examineWebhooks({ config }: Services, { id, title }: Gateway, { health }: Books): Finding {
  const check = `${id}: webhooks`;
  const { goodAt = null, badAt = null, badReason } = health.find(({ gateway }) => gateway === id) ?? {};
  if (badAt !== null && badAt > (goodAt ?? 0)) {
    const name = config.gateways.find((one) => one.id === id)?.verifiers.name ?? "the secret";
    return warning(
      check,
      `The last one was refused, at ${toTimestamp(badAt)}: ${badReason}. ` +
        (goodAt === null ? "None has been good." : `The last good one came at ${toTimestamp(goodAt)}.`),
      `Compare ${name} with what ${title} shows. If payments are told all the same, somebody else tries the address.`,
    );
  }
  return ok(
    check,
    goodAt === null
      ? "None has changed a payment yet."
      : `The last one that changed a payment came at ${toTimestamp(goodAt)}.`,
  );
}

/** While a list holds more than one secret: whether the old one can go. */
function examineRotation({ config }: Services, { id, title }: Gateway, { facts }: Books): Finding[] {
  const { name = "", count = 0 } = config.gateways.find((one) => one.id === id)?.verifiers ?? {};
  const used = facts[id]?.secrets ?? {};
  const [byFirst = 0, ...byOthers] = Array.from({ length: count }, (_, index) => used[index + 1] ?? 0);
  if (byOthers.length === 0) {
    return [];
  }
  const check = `${id}: secrets`;
  const days = sayDuration(COUNTED_MS);
  if (byOthers.some((number) => number > 0)) {
    return [ok(check, `${name} lists ${count}, and older ones were in use within ${days}: keep them.`)];
  }
  return byFirst > 0
    ? [
        warning(
          check,
          `${name} lists ${count}, of which only the first has verified webhooks for ${days}.`,
          `If the list has been so for ${days}, leave the first alone in it.`,
        ),
      ]
    : [
        ok(
          check,
          `${name} lists ${count}. None of ${title}'s webhooks of the last ${days} says which it uses.`,
        ),
      ];
}

function examineLifetime({ config: { ttlMs } }: Services, { id, lifetime }: Gateway): Finding[] {
  if (!lifetime) {
    return [];
  }
  const { minMs, maxMs } = lifetime;
  const check = `${id}: expiry`;
  const bounded = Math.min(Math.max(ttlMs, minMs), maxMs);
  return [
    bounded === ttlMs
      ? ok(check, `A payment of ${sayDuration(ttlMs)} is within its limits.`)
      : warning(
          check,
          `Its payments live ${sayDuration(bounded)}, and not the ${sayDuration(ttlMs)} of TRANSACTION_TTL_SECONDS.`,
          `Set TRANSACTION_TTL_SECONDS between ${Math.ceil(minMs / 1000)} and ${Math.floor(maxMs / 1000)}.`,
        ),
  ];
}
