/** `npm run bench` alone runs it: what payments cost beside SIZE others, 100,000 where it says nothing. */
import { mergeConfig } from "vitest/config";
import bench from "../../../vitest.bench.config.ts";

// biome-ignore lint/style/noDefaultExport: as vitest wants it
export default mergeConfig(bench, { test: { dir: "test/bench/growth", include: ["*.bench.ts"] } });
