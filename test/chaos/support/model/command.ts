/** A command of fast-check's: something happens, then everything is held against the model. */
import type { AsyncCommand } from "fast-check";
import type { Reference } from "./reference.ts";
import type { Stage } from "./stage.ts";

export type Command = AsyncCommand<Reference, Stage>;

/** @param applies whether it makes sense as things stand */
export function command(
  label: string,
  act: (model: Reference, stage: Stage) => Promise<unknown> | undefined,
  applies: (model: Reference) => boolean = () => true,
): Command {
  return {
    check: applies,
    toString: () => label,
    run: async (model, stage) => {
      model.trail.push(label);
      await act(model, stage);
      await model.look(stage);
    },
  };
}
