/** The gateways that are on: what to set up there, what they can do, how they fare, and a test. */
import { Badge } from "./badge.tsx";
import { ConsoleDocument } from "./document.tsx";
import { HealthBadge, HealthFacts } from "./gateway-health.tsx";
import { GatewaySetup } from "./gateway-setup.tsx";
import { showDuration } from "./moment.tsx";
import { Code, Empty, PageHead } from "./parts.tsx";
import type { GatewayCard, GatewaysView, GatewayTest, Shell } from "./views.ts";
import { MODE_WORDS, wordsOfAnswer, wordsOfCall } from "./words.ts";

export function GatewaysPage({ shell, view }: { shell: Shell; view: GatewaysView }) {
  return (
    <ConsoleDocument title="Gateways" shell={shell} here="gateways">
      <PageHead title="Gateways" />
      {view.test === null ? null : <TestResult test={view.test} />}
      {view.cards.length === 0 ? (
        <Empty title="No gateway is on.">
          <p>Set the variables of one, and deploy again.</p>
        </Empty>
      ) : null}
      <div class="gateways">
        {view.cards.map((card) => (
          <Card card={card} now={shell.now} />
        ))}
      </div>
      {view.off.length === 0 ? null : (
        <p class="soft">
          Built in, but off for want of their variables:{" "}
          {view.off.map((id, index) => (
            <>
              {index === 0 ? "" : ", "}
              <Code>{id}</Code>
            </>
          ))}
          .
        </p>
      )}
    </ConsoleDocument>
  );
}

function Card({ card, now }: { card: GatewayCard; now: number }) {
  const { id, title, mode, isDefault, health, canTest } = card;
  return (
    <article class="card gateway" id={`gateway-${id}`} aria-labelledby={`title-${id}`}>
      <div class="card-head">
        <h2 id={`title-${id}`}>
          {title} <Code>{id}</Code>
        </h2>
        <span class="badges">
          {mode === null ? null : (
            <Badge tone={mode === "live" ? "done" : "care"}>{`${MODE_WORDS[mode]} mode`}</Badge>
          )}
          {isDefault ? <span class="tag">Default</span> : null}
          {health === null ? null : <HealthBadge health={health} />}
        </span>
        {canTest ? (
          <a class="button small" href={`/console/gateways/${encodeURIComponent(id)}/test`}>
            Test it
          </a>
        ) : null}
      </div>
      <div class="gateway-columns">
        <div>
          <h3>Set up there</h3>
          <GatewaySetup card={card} />
        </div>
        <div>
          <h3>Can do</h3>
          <Capabilities card={card} />
        </div>
        <div>
          <h3>Webhooks</h3>
          {health === null ? (
            <p class="soft">None has come yet.</p>
          ) : (
            <HealthFacts health={health} now={now} />
          )}
          <Secrets secrets={card.secrets} />
        </div>
      </div>
    </article>
  );
}

function Capabilities({ card: { capabilities, lifetime, needs } }: { card: GatewayCard }) {
  return (
    <>
      <ul class="capabilities">
        {capabilities.map(({ name, has, meaning }) => (
          <li>
            <Badge tone={has ? "done" : "quiet"}>{has ? "Yes" : "No"}</Badge>
            <span>
              <strong>{name}</strong> <span class="soft">{meaning}</span>
            </span>
          </li>
        ))}
      </ul>
      {lifetime === null ? null : (
        <p class="soft">
          A payment page lives {showDuration(lifetime.minMs)} to {showDuration(lifetime.maxMs)}.
        </p>
      )}
      {needs.length === 0 ? null : (
        <p class="soft">
          Cannot do without{" "}
          {needs.map((need, index) => (
            <>
              {index === 0 ? "" : ", "}
              <Code>{need}</Code>
            </>
          ))}{" "}
          in the shop’s request.
        </p>
      )}
    </>
  );
}

/** Which secret is in use: a rotation is over when the old one has no more webhooks. */
function Secrets({ secrets }: { secrets: GatewayCard["secrets"] }) {
  const entries = Object.entries(secrets).filter(([, count]) => count > 0);
  return entries.length === 0 ? null : (
    <p class="soft">
      In the last 7 days:{" "}
      {entries
        .map(
          ([secret, count]) => `${count} by ${secret === "none" ? "no secret of ours" : `secret ${secret}`}`,
        )
        .join(", ")}
      .
    </p>
  );
}

function TestResult({ test: { gateway, steps, passed, problem } }: { test: GatewayTest }) {
  return (
    <section class={`test-result tone-${passed ? "done" : "stop"}`} aria-labelledby="test">
      <h2 id="test">
        Test of <Code>{gateway}</Code>: {passed ? "passed" : "failed"}
      </h2>
      {problem === null ? null : <p>{problem}</p>}
      <ol>
        {steps.map(({ call, durationMs, outcome, failed }) => (
          <li>
            <Badge tone={failed ? "stop" : "done"}>{failed ? "Failed" : "Done"}</Badge>
            <span>
              {wordsOfCall(call)}: {wordsOfAnswer(outcome)}{" "}
              <span class="soft">· {showDuration(durationMs)}</span>
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}
