/** How the series of a chart are told apart: by colour, and by dashes or hatches for those who do not see colours. */

/** Lengths of dash and gap, in CSS pixels: solid first. */
const DASHES: readonly (readonly number[])[] = [
  [],
  [8, 4],
  [2, 3],
  [10, 3, 2, 3],
  [14, 4],
  [5, 2],
  [2, 6],
  [12, 3, 2, 3, 2, 3],
];

const TILE = 8;

/** Strokes on a tile of 8 by 8, as pairs of points: none means a full colour. */
const HATCHES: readonly (readonly (readonly number[])[])[] = [
  [],
  [
    [-2, 10, 10, -2],
    [-2, 2, 2, -2],
    [6, 10, 10, 6],
  ],
  [[0, 4, 8, 4]],
  [
    [-2, -2, 10, 10],
    [6, -2, 10, 2],
    [-2, 6, 2, 10],
  ],
  [[4, 0, 4, 8]],
  [
    [0, 4, 8, 4],
    [4, 0, 4, 8],
  ],
  [[3, 4, 5, 4]],
  [
    [-2, -2, 10, 10],
    [-2, 10, 10, -2],
  ],
];

export interface Palette {
  readonly ink: string;
  readonly soft: string;
  readonly line: string;
  readonly card: string;
  readonly series: readonly string[];
}

/** The colours of the page as they are now: another scheme has others. */
export function readPalette(): Palette {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  return {
    ink: colour("ink"),
    soft: colour("soft"),
    line: colour("line"),
    card: colour("card"),
    series: HATCHES.map((_, index) => colour(`series-${index + 1}`)),
  };
}

export function colourOf({ series, ink }: Palette, index: number): string {
  return series[index % series.length] ?? ink;
}

export function dashOf(index: number): number[] {
  return [...(DASHES[index % DASHES.length] ?? [])];
}

/** A fill that covers what is below it: bars are stacked by painting the lower ones over the higher ones. */
export function hatchOf(
  context: CanvasRenderingContext2D,
  palette: Palette,
  index: number,
): string | CanvasPattern {
  const colour = colourOf(palette, index);
  const strokes = HATCHES[index % HATCHES.length] ?? [];
  const scale = Math.max(1, Math.round(devicePixelRatio));
  const tile = document.createElement("canvas");
  tile.width = tile.height = TILE * scale;
  const brush = tile.getContext("2d");
  if (strokes.length === 0 || !brush) {
    return colour;
  }
  brush.scale(scale, scale);
  brush.fillStyle = palette.card;
  brush.fillRect(0, 0, TILE, TILE);
  brush.globalAlpha = 0.25;
  brush.fillStyle = colour;
  brush.fillRect(0, 0, TILE, TILE);
  brush.globalAlpha = 1;
  brush.strokeStyle = colour;
  brush.lineWidth = 2;
  for (const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] of strokes) {
    brush.beginPath();
    brush.moveTo(x1, y1);
    brush.lineTo(x2, y2);
    brush.stroke();
  }
  return context.createPattern(tile, "repeat") ?? colour;
}
