/** What an operator copies into the gateway's own dashboard. Without a script the fields are there to be selected. */
import type { GatewayCard } from "./views.ts";

const MAX_ROWS = 12;

export function GatewaySetup({ card: { id, webhookUrl, webhookEvents, advice } }: { card: GatewayCard }) {
  return (
    <div class="setup">
      <p>{advice}</p>
      <div class="field">
        <span class="label-line">
          <label for={`url-${id}`}>Webhook URL</label>
          <CopyButton of={`url-${id}`} what="the webhook URL" />
        </span>
        <input id={`url-${id}`} type="text" value={webhookUrl} readonly translate="no" />
      </div>
      {webhookEvents.length === 0 ? null : (
        <div class="field">
          <span class="label-line">
            <label for={`events-${id}`}>Events</label>
            <CopyButton of={`events-${id}`} what="the events" />
          </span>
          <textarea
            id={`events-${id}`}
            rows={Math.min(MAX_ROWS, webhookEvents.length)}
            readonly
            translate="no"
            spellcheck={false}
          >
            {webhookEvents.join("\n")}
          </textarea>
        </div>
      )}
    </div>
  );
}

/** Hidden until there is a script that makes it work. */
function CopyButton({ of, what }: { of: string; what: string }) {
  return (
    <button class="button small" type="button" data-copy={of} hidden>
      <span data-word>Copy</span>
      <span class="unseen"> {what}</span>
    </button>
  );
}
