/** A list as a table that becomes cards on a phone: console.css writes each cell's head before it there. */
import type { Child } from "hono/jsx";

export interface Column<Row> {
  readonly head: string;
  /** What the figures in it are, below the head. */
  readonly unit?: string;
  readonly numeric?: boolean;
  readonly cell: (row: Row) => Child;
}

interface TableProps<Row> {
  /** What the table is, for those who do not see it in its place. */
  readonly caption: string;
  /** Its class, where a phone shows it in a way of its own. */
  readonly kind?: string;
  /** The first one names its row. */
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
}

export function Table<Row>({ caption, kind, columns, rows }: TableProps<Row>) {
  return (
    <table class={kind === undefined ? "table" : `table ${kind}`}>
      <caption class="unseen">{caption}</caption>
      <thead>
        <tr>
          {columns.map(({ head, unit, numeric }) => (
            <th scope="col" class={numeric ? "number" : undefined}>
              {head}
              {unit === undefined ? null : <span class="head-unit">{unit}</span>}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr>
            {columns.map((column, index) => (
              <Cell column={column} row={row} isFirst={index === 0} />
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Cell<Row>({ column, row, isFirst }: { column: Column<Row>; row: Row; isFirst: boolean }) {
  const { head, unit, numeric, cell } = column;
  const kind = numeric ? "number" : undefined;
  if (isFirst) {
    return (
      <th scope="row" class={kind}>
        {cell(row)}
      </th>
    );
  }
  return (
    <td data-label={unit === undefined ? head : `${head} (${unit})`} class={kind}>
      {cell(row)}
    </td>
  );
}
