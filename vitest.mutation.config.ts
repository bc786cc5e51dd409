/** The pure core and its leaves in plain Node, without workerd: what `npm run test:mutation` runs for each mutant. */
import { defineConfig } from "vitest/config";

const leaves = ["standard-webhooks", "retry", "retry-after", "derive-secret"];

export default defineConfig({
  test: {
    environment: "node",
    include: ["test/transactions/**/*.test.ts", ...leaves.map((leaf) => `test/lib/${leaf}.test.ts`)],
    setupFiles: ["test/support/timing-safe-equal.ts"],
  },
});
