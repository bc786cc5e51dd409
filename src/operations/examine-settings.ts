/** The doctor's look at the configuration, which is complete and valid: whether it is also what was meant. Pure. */
import type { Config } from "../config.ts";
import type { Gateway } from "../gateways/gateway.ts";
import type { Flaw } from "../lib/judge-variables.ts";
import { isLoopback } from "../lib/variables.ts";
import { type Finding, fault, ok, warning } from "./finding.ts";

type Gateways = ReadonlyMap<string, Gateway>;

/** @param calledAt the origin by which the doctor was called */
export function examineSettings(config: Config, gateways: Gateways, calledAt: string): Finding[] {
  return [
    examineGateways(config, gateways),
    ...examineModes(config, gateways),
    examineAddress(config, calledAt),
    examineSandbox(config),
    examineFulfilment(config),
    examineConsole(config),
    examineOrigins(config),
    examineMetrics(config),
    ...examineVariables(config),
  ];
}

function examineGateways({ defaultGateway }: Config, gateways: Gateways): Finding {
  const check = "configuration";
  const names = [...gateways.keys()].join(", ");
  if (gateways.size === 0) {
    return fault(
      check,
      "Complete, but no gateway is on: no payment can begin.",
      'Set the variables of one: docs/gateways.md, "Set up".',
    );
  }
  if (defaultGateway === null) {
    return warning(
      check,
      `Complete. Gateways ${names}, of which none is the default: each request must name one.`,
      "Set DEFAULT_GATEWAY.",
    );
  }
  return ok(check, `Complete. Gateways: ${names}; by default ${defaultGateway}.`);
}

/** Real money and play money do not go together. */
function examineModes(config: Config, gateways: Gateways): Finding[] {
  const namesOf = (mode: Gateway["mode"]) =>
    [...gateways.values()].filter((one) => one.mode === mode && one.id !== "sandbox").map(({ id }) => id);
  const [live, test] = [namesOf("live"), namesOf("test")];
  if (live.length > 0 && test.length > 0) {
    return [
      warning(
        "modes",
        `${live.join(", ")}: real money; ${test.join(", ")}: play money. Both count as paid.`,
        `Give ${test.join(", ")} live keys, or take the variables away.`,
      ),
    ];
  }
  if (live.length > 0 && !isPublic(config)) {
    return [
      warning(
        "modes",
        `${live.join(", ")} takes real money on this machine.`,
        "Use test keys in development.",
      ),
    ];
  }
  const mode = live.length > 0 ? "real" : "play";
  return live.length + test.length > 0 ? [ok("modes", `All keys that say it are for ${mode} money.`)] : [];
}

function examineAddress({ publicUrl }: Config, calledAt: string): Finding {
  return calledAt === publicUrl
    ? ok("address", `${publicUrl} is what gateways and buyers are told, and how this call came in.`)
    : warning(
        "address",
        `Gateways and buyers are told ${publicUrl}, but this call came in by ${calledAt}.`,
        "Set PUBLIC_URL to the address that is reached from outside. With two domains, or a tunnel, it may be right so: " +
          "npm run doctor shows it.",
      );
}

function examineSandbox(config: Config): Finding {
  if (!config.sandbox) {
    return ok("sandbox", "Off.");
  }
  if (!isPublic(config)) {
    return ok("sandbox", "On, in development.");
  }
  return config.gateways.length > 0
    ? fault(
        "sandbox",
        "On, beside a real gateway: everybody can pay with play money.",
        "Set SANDBOX to off, and deploy again.",
      )
    : warning(
        "sandbox",
        "On: everybody can pay with play money.",
        "Good for a trial. The Worker of a shop has none: npm run deploy.",
      );
}

function examineFulfilment({ fulfilment }: Config): Finding {
  if (fulfilment === null) {
    return warning(
      "fulfilment",
      "Nobody is told of a payment: events must be pulled from GET /events.",
      "Set FULFILMENT_URL and FULFILMENT_SECRET, or bind the shop's Worker as FULFILMENT.",
    );
  }
  return ok(
    "fulfilment",
    fulfilment.kind === "worker"
      ? "Events go to the Worker that is bound as FULFILMENT."
      : `Events go to ${new URL(fulfilment.url).origin}, signed.`,
  );
}

function examineConsole({ console: access }: Config): Finding {
  const ways = [
    ...(access?.password ? ["a password"] : []),
    ...(access?.access ? ["Cloudflare Access"] : []),
  ];
  return ways.length > 0
    ? ok("console", `Open, by ${ways.join(" and by ")}.`)
    : warning(
        "console",
        "Closed: nobody can look a payment up there, or decide one in review.",
        "Set CONSOLE_PASSWORD, or ACCESS_TEAM_DOMAIN and ACCESS_AUD.",
      );
}

function examineOrigins({ allowedOrigins }: Config): Finding {
  return allowedOrigins.length > 0
    ? ok("origins", allowedOrigins.join(", "))
    : warning(
        "origins",
        "ALLOWED_ORIGINS is empty: no page of the shop may watch a payment, and no return_url may lead there.",
        "Set ALLOWED_ORIGINS to the shop's web origins and its apps' schemes.",
      );
}

/** Payments go as well without. */
function examineMetrics({ metrics }: Config): Finding {
  return ok(
    "metrics",
    metrics
      ? 'Written to Analytics Engine. Queries: RUNBOOK.md, "Metrics".'
      : 'Off: METRICS is not bound. How to, and what for: RUNBOOK.md, "Metrics".',
  );
}

function examineVariables(config: Config): Finding[] {
  const findings = config.flaws.flatMap((flaw) => examineFlaw(flaw, isPublic(config)));
  const isSound = config.flaws.every(({ kind }) => kind === "loopback");
  return isSound
    ? [ok("secrets", "None can be guessed, none is an example, none serves twice."), ...findings]
    : findings;
}

function examineFlaw({ name, kind, other }: Flaw, isOutside: boolean): Finding[] {
  const grave = isOutside ? fault : warning;
  const again = "Make another: openssl rand -base64 32.";
  switch (kind) {
    case "guessable":
      return [grave("secrets", `${name} is long enough, but too regular: it can be guessed.`, again)];
    case "example":
      return [grave("secrets", `${name} looks like an example.`, again)];
    case "repeated":
      return [
        warning(
          "secrets",
          name === other
            ? `${name} lists the same secret twice.`
            : `${name} and ${other} are the same secret.`,
          "Give each purpose a secret of its own: what leaks in one place opens the other.",
        ),
      ];
    case "loopback":
      return isOutside
        ? [
            fault(
              "addresses",
              `${name} is an address on this machine, while PUBLIC_URL is a public one.`,
              `Set ${name} to an address that Cloudflare can reach.`,
            ),
          ]
        : [];
  }
}

function isPublic({ publicUrl }: Config): boolean {
  return !isLoopback(new URL(publicUrl));
}
