/**
 * The status at a glance: a drawn emblem, and the tone that colours the page.
 * An open ring turns while we wait; a full disc means that it is over. Colours and motion live in status.css.
 */
import type { PageState } from "./status-view.ts";

export type Tone = "wait" | "done" | "stop" | "quiet" | "care";

interface Look {
  readonly tone: Tone;
  /** A full disc, rather than a ring. */
  readonly solid: boolean;
  /** The ring turns. */
  readonly turning: boolean;
  /** Path data on a board of 96 by 96, drawn as strokes. */
  readonly glyph: string;
}

const CARD = "M35 36h26a4 4 0 0 1 4 4v16a4 4 0 0 1-4 4H35a4 4 0 0 1-4-4V40a4 4 0 0 1 4-4zM31 45h34M38 53h7";
const BANK = "M32 43 48 33l16 10zM38 48v10M48 48v10M58 48v10M32 63h32";
const LOCK =
  "M38 46h20a3 3 0 0 1 3 3v11a3 3 0 0 1-3 3H38a3 3 0 0 1-3-3V49a3 3 0 0 1 3-3zM40 46v-5a8 8 0 0 1 16 0v5";
const CHECK = "M34 49.5 43.5 59 62 38";
const CROSS = "M38 38 58 58M58 38 38 58";
const DASH = "M35 48h26";
const GLASS = "M37 33h22M37 63h22M40 33v4c0 5 8 7 8 11s-8 6-8 11v4M56 33v4c0 5-8 7-8 11s8 6 8 11v4";
const LENS = "M56 45a11 11 0 1 1-22 0 11 11 0 0 1 22 0zM53 53l10 10";
const CLOCK = "M48 33v15l10 7";
const RETURN = "M41 34 33 42l8 8M33 42h20a9 9 0 0 1 0 18H41";
const MARK = "M48 34v17M48 61v.1";

const LOOKS: Readonly<Record<PageState | "message", Look>> = {
  pending: { tone: "wait", solid: false, turning: true, glyph: CARD },
  confirming: { tone: "wait", solid: false, turning: true, glyph: CLOCK },
  overdue: { tone: "wait", solid: false, turning: true, glyph: GLASS },
  processing: { tone: "wait", solid: false, turning: true, glyph: BANK },
  authorized: { tone: "done", solid: false, turning: false, glyph: LOCK },
  succeeded: { tone: "done", solid: true, turning: false, glyph: CHECK },
  late: { tone: "care", solid: true, turning: false, glyph: CLOCK },
  partlyRefunded: { tone: "done", solid: true, turning: false, glyph: RETURN },
  refunded: { tone: "quiet", solid: true, turning: false, glyph: RETURN },
  returning: { tone: "quiet", solid: false, turning: true, glyph: RETURN },
  returned: { tone: "quiet", solid: true, turning: false, glyph: RETURN },
  failed: { tone: "stop", solid: true, turning: false, glyph: CROSS },
  canceled: { tone: "quiet", solid: true, turning: false, glyph: DASH },
  expired: { tone: "quiet", solid: true, turning: false, glyph: GLASS },
  review: { tone: "care", solid: false, turning: false, glyph: LENS },
  message: { tone: "quiet", solid: false, turning: false, glyph: MARK },
};

/** The one that is drawn before the buyer's eyes; and the arrow that points back, which is where reading begins. */
const GLYPH_CLASSES: Partial<Record<PageState | "message", "drawn" | "mirrored">> = {
  succeeded: "drawn",
  ...{ partlyRefunded: "mirrored", refunded: "mirrored", returning: "mirrored", returned: "mirrored" },
};

export function toneOf(face: PageState | "message"): Tone {
  return LOOKS[face].tone;
}

/** Decoration: the heading below it says the same in words. */
export function Emblem({ face }: { face: PageState | "message" }) {
  const { solid, turning, glyph } = LOOKS[face];
  return (
    <svg
      data-part="emblem"
      class={solid ? "emblem solid" : "emblem"}
      viewBox="0 0 96 96"
      width="96"
      height="96"
      aria-hidden="true"
      focusable="false"
    >
      <circle class="halo" cx="48" cy="48" r="47" />
      <circle class="ring" cx="48" cy="48" r="35" />
      {turning ? <circle class="arc" cx="48" cy="48" r="35" pathLength="100" /> : null}
      <path class={`glyph ${GLYPH_CLASSES[face] ?? ""}`.trim()} d={glyph} pathLength="100" />
    </svg>
  );
}
