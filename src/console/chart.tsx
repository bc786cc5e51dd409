/**
 * A chart is a table of numbers first: that is the truth, and all there is without a script. The script draws from
 * this very table, and closes it then. `data-chart` says how, `<data value>` what.
 */

interface ChartRow {
  /** A moment (epoch milliseconds) of a line of time, or the name of a class. */
  readonly x: number | string;
  /** How the moment is written. */
  readonly label?: string;
  /** One for each series; null: nothing to say. */
  readonly values: readonly (number | null)[];
}

interface ChartProps {
  readonly kind: "stacked" | "line" | "bars";
  readonly title: string;
  /** What is counted, and how to read it: one sentence. */
  readonly note: string;
  /** Of the first column. */
  readonly head: string;
  readonly series: readonly string[];
  readonly rows: readonly ChartRow[];
  /** Shares of one, shown in percent; otherwise whole numbers. */
  readonly isShare?: boolean;
}

export function Chart({ kind, title, note, head, series, rows, isShare = false }: ChartProps) {
  const isEmpty = rows.every(({ values }) => values.every((value) => value === null || value === 0));
  return (
    <figure
      class="chart"
      data-chart={isEmpty ? undefined : kind}
      data-unit={isShare ? "share" : "count"}
      aria-label={title}
    >
      <figcaption>
        <h3>{title}</h3>
        <p>{note}</p>
      </figcaption>
      {isEmpty ? (
        <p class="nothing">Nothing to count in this period.</p>
      ) : (
        <details open>
          <summary>Numbers</summary>
          <section class="scroll" aria-label={`${title}: numbers`} tabindex={0}>
            <Numbers title={title} head={head} series={series} rows={rows} isShare={isShare} />
          </section>
        </details>
      )}
    </figure>
  );
}

type NumbersProps = Pick<ChartProps, "title" | "head" | "series" | "rows"> & { readonly isShare: boolean };

function Numbers({ title, head, series, rows, isShare }: NumbersProps) {
  return (
    <table class="numbers">
      <caption class="unseen">{title}</caption>
      <thead>
        <tr>
          <th scope="col">{head}</th>
          {series.map((name) => (
            <th scope="col" class="number">
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map(({ x, label, values }) => (
          <tr>
            <th scope="row">
              {typeof x === "number" ? <time datetime={new Date(x).toISOString()}>{label ?? ""}</time> : x}
            </th>
            {values.map((value) => (
              <td class="number">{value === null ? "–" : <Figure value={value} isShare={isShare} />}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Figure({ value, isShare }: { value: number; isShare: boolean }) {
  return <data value={String(value)}>{isShare ? showShare(value) : showNumber(value)}</data>;
}

export function showShare(share: number): string {
  return `${(share * 100).toFixed(1)}\u00a0%`;
}

export function showNumber(value: number): string {
  return value.toLocaleString("en-GB").replace("-", "−");
}
