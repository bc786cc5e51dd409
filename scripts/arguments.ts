/** The arguments of a command; one that is not known ends it, with how it is called. */
import { type ParseArgsConfig, parseArgs } from "node:util";

export function readArguments<Options extends NonNullable<ParseArgsConfig["options"]>>(
  options: Options,
  usage: string,
) {
  try {
    return parseArgs({ options, allowPositionals: false }).values;
  } catch {
    console.error(`Usage: ${usage}`);
    process.exit(1);
  }
}
