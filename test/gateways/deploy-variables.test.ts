/** What `npm run deploy` asks for a gateway, held against what its adapter cannot do without. */
import { describe, expect, it } from "vitest";
import { GATEWAY_VARIABLES } from "../../scripts/gateway-variables.ts";
import { GATEWAYS } from "../../src/gateways/index.ts";

describe("GATEWAY_VARIABLES", () => {
  it("are those of every adapter that have no default", () => {
    const needed = GATEWAYS.map(({ id, config }) => {
      const { error } = config.safeParse({});
      return [id, error?.issues.map(({ path }) => String(path[0])).sort()];
    });
    const asked = Object.entries(GATEWAY_VARIABLES).map(([id, names]) => [id, [...names].sort()]);
    expect(asked).toEqual(needed);
  });
});
