/** Reading wrangler.toml, and writing into it without harm to what stands there. */
import { describe, expect, it } from "vitest";
import {
  databaseId,
  databaseName,
  hasMinuteCron,
  hasRoute,
  hasShopBinding,
  variable,
  withCustomDomain,
  withDatabaseId,
  withVariable,
} from "../../scripts/wrangler-file.ts";

const TOML = `name = "shop"

# The id is filled in by the first deploy.
[[d1_databases]]
binding = "DB"
database_name = "books"

# [vars]
# PUBLIC_URL = "https://commented.example"

# [[services]]
# binding = "FULFILMENT"

[triggers]
crons = ["* * * * *"]
`;

describe("withDatabaseId", () => {
  it("fills the id in where it belongs, and replaces an old one", () => {
    expect([databaseName(TOML), databaseId(TOML)]).toEqual(["books", null]);
    const filled = withDatabaseId(TOML, "uuid-1");
    expect(filled).toBe(TOML.replace('"books"\n', '"books"\ndatabase_id = "uuid-1"\n'));
    expect(databaseId(filled)).toBe("uuid-1");
    expect(withDatabaseId(filled, "uuid-2")).toBe(filled.replace("uuid-1", "uuid-2"));
  });

  it("takes an empty id for none", () => {
    expect(databaseId(withDatabaseId(TOML, ""))).toBeNull();
  });
});

describe("withVariable", () => {
  it("makes the section at the end, and adds to it from then on", () => {
    expect(variable(TOML, "PUBLIC_URL")).toBeNull();
    const one = withVariable(TOML, "PUBLIC_URL", "https://pay.example");
    expect(one).toBe(`${TOML}\n[vars]\nPUBLIC_URL = "https://pay.example"\n`);
    const two = withVariable(one, "PUBLIC_URL_OLD", 'with "quotes"');
    expect(two).toBe(`${one}PUBLIC_URL_OLD = "with \\"quotes\\""\n`);
    expect(variable(two, "PUBLIC_URL_OLD")).toBe('with "quotes"');
    expect(variable(two, "PUBLIC_URL")).toBe("https://pay.example");
  });

  it("adds to a section between others, before the comment of the next", () => {
    const toml = '[vars]\nSANDBOX = "off"\n\n# Of the next.\n[assets]\ndirectory = "dist"\n';
    expect(withVariable(toml, "PUBLIC_URL", "https://pay.example")).toBe(
      toml.replace('"off"\n', '"off"\nPUBLIC_URL = "https://pay.example"\n'),
    );
  });

  it("does not read a section's variable in another", () => {
    expect(
      variable('[vars]\n[env.staging.vars]\nPUBLIC_URL = "https://staging.example"\n', "PUBLIC_URL"),
    ).toBeNull();
  });
});

describe("what else is read", () => {
  it("is not read in comments", () => {
    expect([hasMinuteCron(TOML), hasRoute(TOML), hasShopBinding(TOML)]).toEqual([true, false, false]);
    expect(hasMinuteCron(TOML.replace("crons", "# crons"))).toBe(false);
    expect(hasShopBinding(TOML.replaceAll("# ", ""))).toBe(true);
    expect(hasRoute(withCustomDomain(TOML, "pay.example"))).toBe(true);
    expect(hasRoute('route = "pay.example/*"\n')).toBe(true);
  });
});
