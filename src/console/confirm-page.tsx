/** The page between the wish and the deed: what will happen, and one button that does it. */
import { ConsoleDocument } from "./document.tsx";
import { InputField, NoteField } from "./field.tsx";
import type { ConfirmView, Shell } from "./views.ts";

const MAX_NOTE = 500;

export function ConfirmPage({ shell, view }: { shell: Shell; view: ConfirmView }) {
  const { title, sentences, step, problem } = view;
  return (
    <ConsoleDocument title={title} shell={shell} here={null}>
      <div class="sheet">
        {step === null ? null : (
          <p class="step">
            Step {step.now} of {step.of}
          </p>
        )}
        <h1>{title}</h1>
        {problem === null ? null : (
          <p class="flash tone-stop" role="alert">
            {problem}
          </p>
        )}
        {sentences.map((sentence) => (
          <p class="sentence">{sentence}</p>
        ))}
        <ConfirmForm csrf={shell.csrf} view={view} />
      </div>
    </ConsoleDocument>
  );
}

function ConfirmForm({ csrf, view }: { csrf: string; view: ConfirmView }) {
  const { action, hidden, amount, note, button, dangerous, back } = view;
  return (
    <form class="confirm" method="post" action={action}>
      <input type="hidden" name="csrf" value={csrf} />
      {Object.entries(hidden).map(([name, value]) => (
        <input type="hidden" name={name} value={value} />
      ))}
      {amount === null ? null : (
        <InputField
          {...{ name: "amount", label: amount.label, value: amount.value, unit: amount.currency }}
          {...{ hint: amount.hint, error: amount.error, type: "text", inputmode: "decimal", required: true }}
        />
      )}
      {note === null ? null : (
        <NoteField
          {...{ name: "note", label: note.label, value: note.value, required: note.required }}
          {...{ error: note.error, maxlength: MAX_NOTE }}
          hint={note.required ? "It stays in the record." : "Optional. It stays in the record."}
        />
      )}
      <div class="buttons">
        <button class={dangerous ? "button danger" : "button primary"} type="submit">
          {button}
        </button>
        <a class="button" href={back}>
          Go back
        </a>
      </div>
    </form>
  );
}
