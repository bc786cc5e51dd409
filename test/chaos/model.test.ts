/**
 * The whole against a reference model (R18): long sequences of everything that shops, buyers, gateways, time and broken
 * parts do. After each command what is there is held against what the gateway's books justify; at the end of a run all
 * is mended, and the books must agree. A failure is replayed by the seed and the path that it prints.
 */
import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { endRun } from "./support/model/end.ts";
import { Reference } from "./support/model/reference.ts";
import { shopCommands } from "./support/model/shop-commands.ts";
import { Stage } from "./support/model/stage.ts";
import { callbackCommands, gatewayCommands, worldCommands } from "./support/model/world-commands.ts";
import { figure, PATH, SEED } from "./support/random.ts";

const RUNS = figure(15, 1000);
const COMMANDS = figure(30, 50);

const policies = fc.constantFrom("accept", "accept", "accept", "refund", "review");
// The first and the most frequent ones bring money, so that the others find some.
const commands = fc.commands(
  [
    ...shopCommands,
    shopCommands[0],
    ...gatewayCommands,
    gatewayCommands[0],
    ...callbackCommands,
    ...worldCommands,
  ].filter((one) => one !== undefined),
  { maxCommands: 2.6 * COMMANDS, size: "max" },
);

afterEach(() => vi.restoreAllMocks());

describe(`${RUNS} runs of ${COMMANDS} commands, more or less`, () => {
  it(
    `agree with the reference model (seed ${SEED})`,
    async () => {
      // Pauses between attempts are real ones: so small that nobody waits.
      vi.spyOn(Math, "random").mockReturnValue(1e-6);
      let executed = 0;
      let runs = 0;
      const property = fc.asyncProperty(policies, commands, async (policy, sequence) => {
        const model = new Reference(policy);
        const stage = await Stage.create(policy);
        const setup = () => ({ model, real: stage });
        await fc.asyncModelRun(setup, sequence);
        await endRun(model, stage);
        executed += model.trail.length;
        runs += 1;
      });
      await fc.assert(property, { numRuns: RUNS, seed: SEED, ...(PATH === "" ? {} : { path: PATH }) });
      console.log(`${executed} commands in ${runs} runs`);
      expect(executed).toBeGreaterThan(PATH === "" ? RUNS * COMMANDS * 0.9 : 0);
    },
    figure(120_000, 7_200_000),
  );
});
