/** One chart as uPlot draws it: stacked bars, single bars, or lines, over moments in UTC or over classes. */
import uPlot from "uplot";
import { colourOf, dashOf, hatchOf, type Palette } from "./console-chart-style.ts";
import type { ChartTable } from "./console-chart-table.ts";
import { labelLines } from "./console-plot-labels.ts";

const FONT = '11px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';
/** Room for a class's name below its bar. */
const CLASS_WIDTH = 52;
const LABEL_WIDTH = 84;
const DAY_SECONDS = 86_400;
const COUNTS = [0, 1, 2, 3, 4, 5, 6, 7, 8].flatMap((power) => [1, 2, 5].map((digit) => digit * 10 ** power));

const DATE = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });
const HOUR = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: "UTC" });

/** @param onPoint what the pointer is at: a row's place, or null */
export function plot(
  area: HTMLElement,
  table: ChartTable,
  palette: Palette,
  onPoint: (index: number | null) => void,
): uPlot {
  const step = stepOf(table);
  const isLine = table.kind === "line";
  const options: uPlot.Options = {
    width: area.clientWidth,
    height: area.clientHeight,
    padding: [8, isLine ? LABEL_WIDTH : 8, 0, 0],
    legend: { show: false },
    cursor: { drag: { x: false, y: false }, y: false, points: { show: isLine } },
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
    scales: {
      x: { time: table.isTime, range: rangeOf(table, step) },
      y: { range: table.isShare ? [lowest(table), 1] : (_, __, max) => [0, Math.max(1, max * 1.08)] },
    },
    axes: [xAxis(table, palette, step), yAxis(table, palette)],
    series: [{}, ...(isLine ? lines(table, palette) : bars(table, palette))],
    hooks: {
      setCursor: [({ cursor }) => onPoint(cursor.idx ?? null)],
      ...(isLine ? { draw: [(chart) => labelLines(chart, table, palette)] } : {}),
    },
  };
  return new uPlot(options, dataOf(table, step), area);
}

/** From one row to the next: seconds, or one. */
function stepOf({ xs, isTime }: ChartTable): number {
  const [first, second] = xs;
  return isTime && first !== undefined && second !== undefined ? second - first : 1;
}

/** A bar stands on the whole of its time, so in its middle; a line's point where its time begins. */
function dataOf(table: ChartTable, step: number): uPlot.AlignedData {
  if (table.kind === "line") {
    return [[...table.xs], ...table.series.map(({ values }) => [...values])];
  }
  const sums = table.xs.map(() => 0);
  const stacked = table.series.map(({ values }) =>
    values.map((value, index) => {
      const size = Math.max(0, value ?? 0);
      sums[index] = (sums[index] ?? 0) + size;
      // Nothing is no bar, not a flat one.
      return size > 0 ? (sums[index] ?? 0) : null;
    }),
  );
  // The highest first: the lower ones are painted over it.
  return [table.xs.map((x) => (table.isTime ? x + step / 2 : x)), ...stacked.reverse()];
}

function rangeOf({ xs, isTime, kind }: ChartTable, step: number): [number, number] {
  const first = xs[0] ?? 0;
  const last = xs.at(-1) ?? 0;
  if (!isTime) {
    return [first - 0.5, last + 0.5];
  }
  return kind === "line" ? [first, Math.max(last, first + step)] : [first, last + step];
}

/** Rates that are all good are told apart better without the empty room below. */
function lowest({ series }: ChartTable): number {
  const least = Math.min(1, ...series.flatMap(({ values }) => values.filter((value) => value !== null)));
  return Math.min(0.75, Math.floor(least * 4) / 4);
}

function lines({ series }: ChartTable, palette: Palette): uPlot.Series[] {
  return series.map(({ values }, index) => ({
    stroke: colourOf(palette, index),
    width: 2,
    dash: dashOf(index),
    spanGaps: false,
    // A point between two gaps has no line to be seen by.
    points: { show: true, size: 5, filter: (_, seriesIndex) => lonely(values, seriesIndex) },
  }));
}

function lonely(values: readonly (number | null)[], seriesIndex: number): number[] | null {
  const places = values.flatMap((value, index) => {
    const isAlone = (values[index - 1] ?? null) === null && (values[index + 1] ?? null) === null;
    return value !== null && isAlone ? [index] : [];
  });
  return seriesIndex > 0 ? places : null;
}

function bars({ series }: ChartTable, palette: Palette): uPlot.Series[] {
  const paths = uPlot.paths.bars?.({ size: [0.8, 72], align: 0 });
  return series
    .map((_, index) => ({
      stroke: colourOf(palette, index),
      width: 1,
      fill: (chart: uPlot) => hatchOf(chart.ctx, palette, index) as string,
      points: { show: false },
      ...(paths ? { paths } : {}),
    }))
    .reverse();
}

function xAxis(table: ChartTable, palette: Palette, step: number): uPlot.Axis {
  const shared = { ...axis(palette), grid: { show: false }, size: 24 };
  if (table.isTime) {
    return {
      ...shared,
      space: 56,
      incrs: [1, 2, 3, 6, 12, 24, 48, 96, 168, 336]
        .map((hours) => hours * 3600)
        .filter((incr) => incr >= step),
      values: (_, splits) => splits.map(showMoment),
    };
  }
  return {
    ...shared,
    splits: (chart) => table.xs.filter((_, index) => index % everyNth(chart, table) === 0),
    values: (_, splits) => splits.map((place) => table.labels[place] ?? ""),
  };
}

function everyNth({ width }: uPlot, { xs }: ChartTable): number {
  return Math.max(1, Math.ceil((CLASS_WIDTH * xs.length) / Math.max(1, width - 50)));
}

function showMoment(seconds: number): string {
  return (seconds % DAY_SECONDS === 0 ? DATE : HOUR).format(seconds * 1000);
}

function yAxis({ isShare }: ChartTable, palette: Palette): uPlot.Axis {
  return {
    ...axis(palette),
    grid: { stroke: palette.line, width: 1 },
    size: 44,
    space: 28,
    incrs: isShare ? [0.05, 0.1, 0.25] : COUNTS,
    values: (_, splits) =>
      splits.map((value) => (isShare ? `${Math.round(value * 100)} %` : value.toLocaleString("en-GB"))),
  };
}

function axis({ soft, line }: Palette): uPlot.Axis {
  return { stroke: soft, font: FONT, ticks: { stroke: line, width: 1, size: 4 }, gap: 4 };
}
