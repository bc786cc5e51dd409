/** What payments are looked for by: a form that is the list's address. */
import { STATUSES } from "../transactions/transaction.ts";
import { InputField, SelectField } from "./field.tsx";
import type { SearchFields, TransactionsView } from "./views.ts";
import { STATUS_WORDS } from "./words.ts";

/** Opened where one of them is filled; `q` stands outside. */
const FILTERS = [
  "status",
  "gateway",
  "amount",
  "currency",
  "from",
  "until",
] as const satisfies readonly (keyof SearchFields)[];

export function SearchForm({ view }: { view: TransactionsView }) {
  const { fields, errors } = view;
  const used = FILTERS.filter((name) => fields[name] !== "").length;
  return (
    <form class="search" method="get" action="/console/payments">
      <div class="search-line">
        <InputField
          {...{ name: "q", value: fields.q, error: errors.q, type: "search", label: "Search" }}
          placeholder="Id, order, gateway’s reference, metadata value"
        />
        <button class="button primary" type="submit">
          Search
        </button>
        {used > 0 || fields.q !== "" ? (
          <a class="button" href="/console/payments">
            Clear
          </a>
        ) : null}
      </div>
      <details class="filters" id="filters" open={used > 0}>
        <summary>{used > 0 ? `Filters (${used})` : "Filters"}</summary>
        <Filters view={view} />
      </details>
    </form>
  );
}

function Filters({ view: { fields, errors, gateways } }: { view: TransactionsView }) {
  const field = <Name extends (typeof FILTERS)[number]>(name: Name, label: string) => ({
    name,
    label,
    value: fields[name],
    error: errors[name],
  });
  return (
    <div class="filter-fields">
      <SelectField {...field("status", "Status")} options={[["", "Any"], ...statusOptions()]} />
      <SelectField
        {...field("gateway", "Gateway")}
        options={[["", "Any"], ...gateways.map((id) => [id, id] as const)]}
      />
      <InputField {...field("amount", "Amount")} type="text" inputmode="decimal" placeholder="19.99" />
      <InputField {...field("currency", "Currency")} type="text" placeholder="USD" maxlength={3} />
      <InputField {...field("from", "From (UTC)")} type="datetime-local" />
      <InputField {...field("until", "Until (UTC)")} type="datetime-local" />
    </div>
  );
}

function statusOptions(): (readonly [string, string])[] {
  return STATUSES.map((status) => [status, STATUS_WORDS[status]]);
}
