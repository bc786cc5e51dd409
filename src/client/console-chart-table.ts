/** Reads a chart's table of numbers: whatever is drawn stands there. */

export type ChartKind = "stacked" | "line" | "bars";

export interface ChartTable {
  readonly kind: ChartKind;
  readonly isShare: boolean;
  /** Whether the rows are moments; otherwise they are classes. */
  readonly isTime: boolean;
  /** Epoch seconds, or the classes' places. */
  readonly xs: readonly number[];
  /** The heads of the rows, as written. */
  readonly labels: readonly string[];
  readonly series: readonly ChartSeries[];
}

export interface ChartSeries {
  readonly name: string;
  /** Null: nothing to say. */
  readonly values: readonly (number | null)[];
  /** The same, as written. */
  readonly texts: readonly string[];
}

const KINDS: readonly string[] = ["stacked", "line", "bars"] satisfies ChartKind[];

/** @returns undefined where the figure is no chart */
export function readChart(figure: HTMLElement): ChartTable | undefined {
  const table = figure.querySelector("table");
  const { chart = "", unit } = figure.dataset;
  if (!table || !isKind(chart)) {
    return undefined;
  }
  const rows = [...(table.tBodies[0]?.rows ?? [])];
  const names = [...(table.tHead?.rows[0]?.cells ?? [])].slice(1).map(textOf);
  const moments = rows.map((row) => Date.parse(row.querySelector("time")?.dateTime ?? ""));
  const isTime = rows.length > 0 && moments.every((at) => !Number.isNaN(at));
  return {
    kind: chart,
    isShare: unit === "share",
    isTime,
    xs: isTime ? moments.map((at) => at / 1000) : rows.map((_, index) => index),
    labels: rows.map((row) => textOf(row.cells[0])),
    series: names.map((name, index) => {
      const cells = rows.map((row) => row.cells[index + 1]);
      return { name, values: cells.map(numberOf), texts: cells.map(textOf) };
    }),
  };
}

function isKind(text: string): text is ChartKind {
  return KINDS.includes(text);
}

function numberOf(cell: HTMLTableCellElement | undefined): number | null {
  const value = Number.parseFloat(cell?.querySelector("data")?.value ?? "");
  return Number.isNaN(value) ? null : value;
}

function textOf(cell: Element | undefined): string {
  return cell?.textContent?.trim() ?? "";
}
