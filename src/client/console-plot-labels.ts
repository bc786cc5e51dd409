/** Names at the ends of lines, so that nobody has to match them with a legend; moved apart where they would meet. */
import type uPlot from "uplot";
import { colourOf, type Palette } from "./console-chart-style.ts";
import type { ChartTable } from "./console-chart-table.ts";

const LINE_HEIGHT = 13;
const MAX_LENGTH = 12;

interface Label {
  readonly text: string;
  readonly colour: string;
  y: number;
}

export function labelLines(chart: uPlot, { series }: ChartTable, palette: Palette): void {
  const { ctx, bbox } = chart;
  const lineHeight = LINE_HEIGHT * devicePixelRatio;
  const labels = series.flatMap(({ name, values }, index): Label[] => {
    const last = values.findLast((value) => value !== null);
    return last === undefined || last === null
      ? []
      : [{ text: shorten(name), colour: colourOf(palette, index), y: chart.valToPos(last, "y", true) }];
  });
  spread(labels, lineHeight, bbox.top, bbox.top + bbox.height);
  ctx.save();
  ctx.font = `${11 * devicePixelRatio}px system-ui, sans-serif`;
  ctx.textAlign = "left";
  ctx.textBaseline = "middle";
  for (const { text, colour, y } of labels) {
    ctx.fillStyle = colour;
    ctx.fillText(text, bbox.left + bbox.width + 6 * devicePixelRatio, y);
  }
  ctx.restore();
}

/** From the top down, each at least a line below the one before; then up again from the bottom. */
function spread(labels: Label[], lineHeight: number, top: number, bottom: number): void {
  labels.sort((one, other) => one.y - other.y);
  let least = top;
  for (const label of labels) {
    label.y = Math.max(label.y, least);
    least = label.y + lineHeight;
  }
  let most = bottom;
  for (const label of labels.toReversed()) {
    label.y = Math.min(label.y, most);
    most = label.y - lineHeight;
  }
}

function shorten(name: string): string {
  return name.length > MAX_LENGTH ? `${name.slice(0, MAX_LENGTH - 1)}…` : name;
}
