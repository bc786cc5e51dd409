/** Fields of a form: the label before, what is wrong after, and both tied to the control. */
import type { Child } from "hono/jsx";

interface FieldProps {
  readonly name: string;
  readonly label: string;
  readonly value: string;
  /** How to fill it in. */
  readonly hint?: string | null | undefined;
  /** What is wrong with what was filled in. */
  readonly error?: string | null | undefined;
  readonly required?: boolean;
}

interface InputFieldProps extends FieldProps {
  readonly type: "text" | "search" | "datetime-local";
  readonly inputmode?: "decimal";
  readonly placeholder?: string;
  readonly maxlength?: number;
  /** Said behind the control: a currency. */
  readonly unit?: string;
}

export function InputField({ type, inputmode, placeholder, maxlength, unit, ...field }: InputFieldProps) {
  return (
    <Frame {...field}>
      <span class={unit === undefined ? "control" : "control with-unit"}>
        <input
          {...boundTo(field)}
          type={type}
          value={field.value}
          inputmode={inputmode}
          placeholder={placeholder}
          maxlength={maxlength}
          autocomplete="off"
          spellcheck={false}
        />
        {unit === undefined ? null : <span class="unit">{unit}</span>}
      </span>
    </Frame>
  );
}

interface SelectFieldProps extends FieldProps {
  readonly options: readonly (readonly [value: string, text: string])[];
}

export function SelectField({ options, ...field }: SelectFieldProps) {
  return (
    <Frame {...field}>
      <select {...boundTo(field)}>
        {options.map(([value, text]) => (
          <option value={value} selected={value === field.value}>
            {text}
          </option>
        ))}
      </select>
    </Frame>
  );
}

export function NoteField({ maxlength, ...field }: FieldProps & { readonly maxlength: number }) {
  return (
    <Frame {...field}>
      <textarea {...boundTo(field)} rows={3} maxlength={maxlength}>
        {field.value}
      </textarea>
    </Frame>
  );
}

function Frame({ name, label, hint, error, children }: FieldProps & { readonly children?: Child }) {
  return (
    <div class="field">
      <label for={`field-${name}`}>{label}</label>
      {children}
      {hint ? (
        <p class="hint" id={`hint-${name}`}>
          {hint}
        </p>
      ) : null}
      {error ? (
        <p class="error" id={`error-${name}`}>
          {error}
        </p>
      ) : null}
    </div>
  );
}

function boundTo({ name, hint, error, required = false }: FieldProps) {
  const described = [...(hint ? [`hint-${name}`] : []), ...(error ? [`error-${name}`] : [])];
  return {
    id: `field-${name}`,
    name,
    required,
    ...(error ? { "aria-invalid": "true" as const } : {}),
    ...(described.length > 0 ? { "aria-describedby": described.join(" ") } : {}),
  };
}
