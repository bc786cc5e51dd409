/**
 * `npm run doctor -- [--url ADDRESS] [--key API_KEY]`: what is missing or wrong, and what to do. Ends with 1 where there
 * is a fault.
 */
import { readArguments } from "./arguments.ts";
import { runDoctor } from "./run-doctor.ts";
import { createWrangler } from "./wrangler.ts";

const values = readArguments(
  { url: { type: "string" }, key: { type: "string" } },
  "npm run doctor -- [--url ADDRESS] [--key API_KEY]",
);
const directory = process.cwd();
const isWell = await runDoctor({
  directory,
  wrangler: createWrangler(directory, process.env),
  environment: process.env,
  ...values,
  print: (text) => console.log(text),
  coloured: process.stdout.isTTY && !process.env.NO_COLOR,
});
process.exitCode = isWell ? 0 : 1;
