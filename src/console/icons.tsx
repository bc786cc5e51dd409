/** The console's icons: strokes on a board of 20 by 20. Decoration always: the words beside them say the same. */

const PATHS = {
  overview: "M3 10.5 10 4l7 6.5M5 9v7.5h10V9M8.5 16.5v-4h3v4",
  payments: "M3 5.5h14v9H3zM3 8.5h14M5.5 12h3",
  webhooks: "M10 3v9M6.5 8.5 10 12l3.5-3.5M3.5 13v3.5h13V13",
  deliveries: "M10 12.5v-9M6.5 7 10 3.5 13.5 7M3.5 12.5V16.5h13v-4",
  gateways: "M7.5 3v4M12.5 3v4M5 7h10v2.5a5 5 0 0 1-10 0zM10 14.5V17.5",
  activity: "M10 9.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM4 17c.5-3.2 2.8-5 6-5s5.5 1.8 6 5",
  doctor: "M8 3.5h4V8h4.5v4H12v4.5H8V12H3.5V8H8z",
  event: "M4.5 10.5 8.5 14.5 15.5 6",
  call: "M4 7h11M12 4l3 3-3 3M16 13H5M8 10l-3 3 3 3",
  refund: "M7.5 4.5 4 8l3.5 3.5M4 8h8a4 4 0 0 1 0 8H8",
  review: "M13 8.5a4.5 4.5 0 1 1-9 0 4.5 4.5 0 0 1 9 0zM11.8 11.8 16.5 16.5",
  parked: "M6 4v12M6 4h5a3.5 3.5 0 0 1 0 7H6",
  dead: "M5 5l10 10M15 5 5 15",
  silent: "M4 8v4h2.5L11 15.5v-11L6.5 8zM14 8l3 4M17 8l-3 4",
  clock: "M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM10 6.5V10l2.5 1.5",
  pulse: "M2.5 10.5H6L8 5l4 10.5 2-5h3.5",
  quiet: "M4.5 10.5 8.5 14.5 15.5 6",
  next: "M8 5l5 5-5 5",
  back: "M12 5l-5 5 5 5",
  attention: "M10 4v7.5M10 15.5v.01",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
