/** What the scripts read of wrangler.toml and write into it, line by line, so that its comments stay as they are. */

/** The lines of a table, by its header as it is written, such as `[vars]`. */
interface Section {
  /** Of the first line after the header. */
  readonly start: number;
  /** Of the line after the last. */
  readonly end: number;
}

/** The Worker of a shop, and the one with a sandbox beside it. */
export type WranglerFile = "wrangler.toml" | "wrangler.sandbox.toml";

export function databaseId(toml: string): string | null {
  return read(toml, "[[d1_databases]]", "database_id");
}

export function databaseName(toml: string): string {
  return read(toml, "[[d1_databases]]", "database_name") ?? "payment-edge";
}

/** The bindings of all of its databases, the first one first. */
export function databaseBindings(toml: string): string[] {
  const tables = toml.split(/^\s*(?=\[)/m).filter((table) => table.startsWith("[[d1_databases]]"));
  return tables.flatMap((table) => read(table, "[[d1_databases]]", "binding") ?? []);
}

export function variable(toml: string, name: string): string | null {
  return read(toml, "[vars]", name);
}

export function hasMinuteCron(toml: string): boolean {
  return /^\s*crons\s*=.*"\* \* \* \* \*"/m.test(toml);
}

export function hasRoute(toml: string): boolean {
  return /^\s*(routes?\s*=|\[\[routes\]\])/m.test(toml);
}

/** Whether the shop's Worker is bound, instead of an address. */
export function hasShopBinding(toml: string): boolean {
  return /^\s*binding\s*=\s*"FULFILMENT"/m.test(toml);
}

export function withDatabaseId(toml: string, id: string): string {
  return write(toml, "[[d1_databases]]", "database_id", id);
}

export function withVariable(toml: string, name: string, value: string): string {
  return write(toml, "[vars]", name, value);
}

/** The Worker answers on that domain of the account's. */
export function withCustomDomain(toml: string, host: string): string {
  const lines = ["", "[[routes]]", `pattern = ${JSON.stringify(host)}`, "custom_domain = true"];
  return `${toml.trimEnd()}\n${lines.join("\n")}\n`;
}

function read(toml: string, header: string, name: string): string | null {
  const lines = toml.split("\n");
  const section = find(lines, header);
  const line = lines.slice(section?.start, section?.end).find((each) => isOf(each, name));
  const [, text] = /=\s*("(?:[^"\\]|\\.)*")/.exec(section && line ? line : "") ?? [];
  return text === undefined ? null : (JSON.parse(text) as string) || null;
}

/** In the place of the old line, or at the end of the section, which is made where there is none. */
function write(toml: string, header: string, name: string, value: string): string {
  const lines = toml.trimEnd().split("\n");
  const section = find(lines, header);
  const line = `${name} = ${JSON.stringify(value)}`;
  if (!section) {
    return `${[...lines, "", header, line].join("\n")}\n`;
  }
  const old = lines.findIndex(
    (each, index) => index >= section.start && index < section.end && isOf(each, name),
  );
  lines.splice(old === -1 ? section.end : old, old === -1 ? 0 : 1, line);
  return `${lines.join("\n")}\n`;
}

function find(lines: readonly string[], header: string): Section | null {
  const start = lines.findIndex((line) => line.trim() === header) + 1;
  if (start === 0) {
    return null;
  }
  // Blank lines and comments at its end belong to what follows.
  const next = lines.findIndex((line, index) => index >= start && /^\s*\[/.test(line));
  let end = next === -1 ? lines.length : next;
  while (end > start && /^\s*(#.*)?$/.test(lines[end - 1] ?? "")) {
    end -= 1;
  }
  return { start, end };
}

function isOf(line: string, name: string): boolean {
  return line.trimStart().startsWith(name) && /^\s*=/.test(line.trimStart().slice(name.length));
}
