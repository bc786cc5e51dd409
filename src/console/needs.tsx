/** What waits for a person just now: each need is a link to where it is solved. */
import type { Child } from "hono/jsx";
import { Icon, type IconName } from "./icons.tsx";
import { Ago, showDistance } from "./moment.tsx";
import { showCount } from "./parts.tsx";
import type { Count, Needs } from "./views.ts";

/** The cron comes each minute: what is over for so long has not been ended by it. */
const GRACE_MS = 10 * 60_000;

interface Need {
  readonly icon: IconName;
  readonly tone: "care" | "stop";
  readonly title: string;
  readonly text: string;
  readonly href: string;
}

export function NeedsNow({ needs, now }: { needs: Needs; now: number }) {
  const list = [...counted(needs), ...overdue(needs, now)].sort(byWeight);
  return (
    <section class="needs" aria-labelledby="needs">
      <h2 id="needs">Needs you now</h2>
      {list.length === 0 ? (
        <p class="all-quiet">
          <Icon name="quiet" />
          <span>
            <strong>All quiet.</strong> Nothing waits for a person.
          </span>
        </p>
      ) : (
        <ul class="need-list">
          {list.map((need) => (
            <li>
              <NeedLink need={need} />
            </li>
          ))}
        </ul>
      )}
      <Pulse needs={needs} now={now} />
    </section>
  );
}

function NeedLink({ need }: { need: Need }) {
  return (
    <a class={`need tone-${need.tone}`} href={need.href}>
      <Icon name={need.icon} />
      <span class="need-words">
        <strong>{need.title}</strong>
        <span>{need.text}</span>
      </span>
      <Icon name="next" />
    </a>
  );
}

/** What stops everything comes first. */
function byWeight(one: Need, other: Need): number {
  return Number(other.tone === "stop") - Number(one.tone === "stop");
}

/** By how many there are. */
function counted({ review, parked, dead, silent }: Needs): Need[] {
  return [
    ...some(review, {
      icon: "review",
      tone: "care",
      title: plural(review, "payment in review", "payments in review"),
      text: "Decide whether the money is kept or goes back.",
      href: "/console/payments?status=review",
    }),
    ...some(parked, {
      icon: "parked",
      tone: "care",
      title: plural(parked, "webhook parked", "webhooks parked"),
      text: "Verified, but no payment of ours is known for it.",
      href: "/console/webhooks?outcome=parked",
    }),
    ...some(dead, {
      icon: "dead",
      tone: "stop",
      title: plural(dead, "dead delivery", "dead deliveries"),
      text: "The shop has not taken it, and nobody tries again.",
      href: "/console/deliveries?status=dead",
    }),
    ...some(silent, {
      icon: "silent",
      tone: "care",
      title: plural(silent, "payment without an answer", "payments without an answer"),
      text: "The gateway has not answered lately.",
      href: "/console/gateways",
    }),
  ];
}

/** By how long it lasts. */
function overdue({ overdueDelivery, oldestPending, lastTick, cronFailing }: Needs, now: number): Need[] {
  const needs: Need[] = [];
  if (cronFailing || lastTick === null) {
    needs.push({
      icon: "pulse",
      tone: cronFailing ? "stop" : "care",
      title: cronFailing ? "The cron does not run" : "The cron has never run",
      text: "Nothing is looked up, expired or delivered again until it does.",
      href: "/health",
    });
  }
  if (overdueDelivery !== null) {
    needs.push({
      icon: "deliveries",
      tone: "care",
      title: "The shop waits for an event",
      text: `The most overdue one was due ${showDistance(overdueDelivery, now)}.`,
      href: "/console/deliveries?status=owed",
    });
  }
  if (oldestPending !== null && now - oldestPending.expiresAt > GRACE_MS) {
    needs.push({
      icon: "clock",
      tone: "care",
      title: "A payment is pending past its time",
      text: `Its time was over ${showDistance(oldestPending.expiresAt, now)}.`,
      href: `/console/payments/${oldestPending.id}`,
    });
  }
  return needs;
}

/** Signs of life, said whether they are good or bad. */
function Pulse({ needs: { lastTick, oldestPending }, now }: { needs: Needs; now: number }) {
  return (
    <dl class="pulse">
      <Sign name="Cron">
        {lastTick === null ? (
          "has never run"
        ) : (
          <>
            last ran <Ago at={lastTick} now={now} />
          </>
        )}
      </Sign>
      <Sign name="Oldest pending payment">
        {oldestPending === null ? (
          "none"
        ) : (
          <a href={`/console/payments/${oldestPending.id}`}>
            created <Ago at={oldestPending.createdAt} now={now} />
          </a>
        )}
      </Sign>
      <Sign name="All else">
        <a href="/console/doctor">ask the doctor</a>
      </Sign>
    </dl>
  );
}

function Sign({ name, children }: { name: string; children?: Child }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function some(count: Count, need: Need): Need[] {
  return count.value > 0 ? [need] : [];
}

function plural(count: Count, one: string, many: string): string {
  return `${showCount(count)} ${count.value === 1 && !count.more ? one : many}`;
}
