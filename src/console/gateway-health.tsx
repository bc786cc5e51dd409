/** How the webhooks of a gateway fare: the last good one, the last refused one, the clock, the secret. */
import { Badge, type Tone } from "./badge.tsx";
import { Ago } from "./moment.tsx";
import { Fact } from "./parts.tsx";
import type { GatewayHealth } from "./views.ts";
import { showSkew } from "./webhook-parts.tsx";

interface HealthProps {
  readonly health: GatewayHealth;
  readonly now: number;
}

/** The last refusal says more than the last success where it is the newer one. */
export function HealthBadge({ health: { goodAt, badAt } }: Pick<HealthProps, "health">) {
  const [tone, text] = verdictOn(goodAt, badAt);
  return <Badge tone={tone}>{text}</Badge>;
}

export function HealthFacts({ health, now }: HealthProps) {
  const { goodAt, goodSecret, skewMs, badAt, badReason } = health;
  return (
    <dl>
      <Fact name="Last good">{goodAt === null ? "none yet" : <Ago at={goodAt} now={now} />}</Fact>
      <Fact name="Last refused">
        {badAt === null ? "none" : <Ago at={badAt} now={now} />}
        {badAt === null || badReason === null ? null : (
          <>
            {": "}
            <bdi>{badReason}</bdi>
          </>
        )}
      </Fact>
      {goodSecret === null ? null : <Fact name="Verified by">secret {goodSecret}</Fact>}
      {skewMs === null ? null : <Fact name="Its clock">{showSkew(skewMs)}</Fact>}
    </dl>
  );
}

function verdictOn(goodAt: number | null, badAt: number | null): readonly [Tone, string] {
  if (badAt !== null && badAt > (goodAt ?? 0)) {
    return ["stop", "Last one refused"];
  }
  return goodAt === null ? ["quiet", "None yet"] : ["done", "Arriving"];
}
