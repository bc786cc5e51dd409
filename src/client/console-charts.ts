/**
 * Draws the overview's charts from their tables, and closes those then: they stay the truth, for readers and for
 * keyboards. Drawn anew when the room or the colour scheme changes.
 */
import type uPlot from "uplot";
import { colourOf, dashOf, hatchOf, type Palette, readPalette } from "./console-chart-style.ts";
import { type ChartTable, readChart } from "./console-chart-table.ts";
import { plot } from "./console-plot.ts";

const SWATCH = { width: 24, height: 12 } as const;

export function drawCharts(): void {
  for (const figure of document.querySelectorAll<HTMLElement>("figure[data-chart]")) {
    const table = readChart(figure);
    if (table) {
      draw(figure, table);
    }
  }
}

function draw(figure: HTMLElement, table: ChartTable): void {
  const details = figure.querySelector("details");
  const legend = element("ul", "legend");
  const area = element("div", "plot");
  const readout = element("p", "readout");
  // The table says the same to those who do not see it.
  const drawing = element("div", "drawing");
  drawing.setAttribute("aria-hidden", "true");
  drawing.append(...(table.series.length > 1 ? [legend] : []), area, readout);
  figure.insertBefore(drawing, details);

  let chart: uPlot | undefined;
  const render = (): void => {
    const palette = readPalette();
    chart?.destroy();
    fillLegend(legend, table, palette);
    chart = plot(area, table, palette, (index) => {
      readout.textContent = index === null ? "" : tell(table, index);
    });
  };
  try {
    render();
  } catch {
    // No canvas here: the table stays open.
    drawing.remove();
    return;
  }
  details?.removeAttribute("open");
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", render);
  new ResizeObserver(() => {
    const { clientWidth: width, clientHeight: height } = area;
    if (chart && width > 0 && (width !== chart.width || height !== chart.height)) {
      chart.setSize({ width, height });
    }
  }).observe(area);
}

/** "22 Nov, 13:00: stripe 12, paypal 3". */
function tell({ labels, series }: ChartTable, index: number): string {
  const parts = series
    .filter(({ values }) => values[index] !== null && (values[index] !== 0 || series.length === 1))
    .map(({ name, texts }) => (series.length === 1 ? texts[index] : `${name} ${texts[index]}`));
  return `${labels[index] ?? ""}: ${parts.join(", ") || "nothing"}`;
}

function fillLegend(legend: HTMLElement, table: ChartTable, palette: Palette): void {
  legend.replaceChildren(
    ...table.series.map(({ name }, index) => {
      const item = document.createElement("li");
      item.append(swatch(table, palette, index), name);
      return item;
    }),
  );
}

function swatch({ kind }: ChartTable, palette: Palette, index: number): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  const scale = Math.max(1, Math.round(devicePixelRatio));
  canvas.width = SWATCH.width * scale;
  canvas.height = SWATCH.height * scale;
  const context = canvas.getContext("2d");
  if (context && kind === "line") {
    context.scale(scale, scale);
    context.strokeStyle = colourOf(palette, index);
    context.lineWidth = 2;
    context.setLineDash(dashOf(index));
    context.beginPath();
    context.moveTo(0, SWATCH.height / 2);
    context.lineTo(SWATCH.width, SWATCH.height / 2);
    context.stroke();
  } else if (context) {
    context.fillStyle = hatchOf(context, palette, index);
    context.fillRect(0, 0, canvas.width, canvas.height);
  }
  return canvas;
}

function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  name: string,
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  made.className = name;
  return made;
}
