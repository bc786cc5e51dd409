/** What every entry of the timeline looks like: an icon on the line, a title, its time, and what there is to say. */
import type { Child } from "hono/jsx";
import type { Tone } from "./badge.tsx";
import { Icon, type IconName } from "./icons.tsx";
import { Clock } from "./moment.tsx";
import type { Entry } from "./views.ts";

interface EntryFrameProps {
  readonly kind: Entry["kind"];
  readonly icon: IconName;
  readonly tone: Tone;
  readonly at: number;
  readonly title: string;
  /** What fits on the title's line, where that is all there is to say. */
  readonly aside?: Child;
  readonly children?: Child;
}

export function EntryFrame({ kind, icon, tone, at, title, aside, children }: EntryFrameProps) {
  return (
    <li class={`entry tone-${tone}`} data-kind={kind}>
      <span class="entry-icon">
        <Icon name={icon} />
      </span>
      <div class="entry-body">
        <p class="entry-head">
          <span>
            <strong>{title}</strong>
            {aside ? <> {aside}</> : null}
          </span>
          <Clock at={at} />
        </p>
        {children}
      </div>
    </li>
  );
}

/** What a person, or a shop, wrote. */
export function Note({ text }: { text: string | null }) {
  return text === null || text === "" ? null : (
    <blockquote class="note">
      <bdi>{text}</bdi>
    </blockquote>
  );
}
