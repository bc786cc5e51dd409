/** Where an operator says who they are, and proves that they may. */
import { PlainDocument } from "./document.tsx";

export interface SignInView {
  /** As it was typed; empty at first. */
  readonly name: string;
  /** Where it leads. */
  readonly to: string;
  /** What was wrong with the last attempt; null at first. */
  readonly fault: "name" | "password" | null;
}

const FAULTS = {
  name: "Give your name, in at most 80 characters.",
  password: "This is not the password.",
} as const;

/** The first field to be filled in has the focus. */
export function SignInPage({ view: { name, to, fault } }: { view: SignInView }) {
  const error = fault ? { id: `${fault}-error`, text: FAULTS[fault] } : null;
  const faulty = (field: "name" | "password") =>
    fault === field ? { "aria-invalid": "true" as const, "aria-describedby": `${field}-error` } : {};
  const first = name === "" || fault === "name" ? "name" : "password";
  return (
    <PlainDocument title="Sign in">
      <h1>Sign in</h1>
      <p>To the operator's console. Your name stands in the record beside whatever you do.</p>
      {error ? (
        <p class="error" id={error.id} role="alert">
          {error.text}
        </p>
      ) : null}
      <form method="post" action="/console/sign-in">
        <input type="hidden" name="to" value={to} />
        <label class="field">
          <span>Your name</span>
          <input
            name="name"
            value={name}
            autocomplete="name"
            maxlength={80}
            required
            autofocus={first === "name"}
            {...faulty("name")}
          />
        </label>
        <label class="field">
          <span>Password</span>
          <input
            type="password"
            name="password"
            autocomplete="current-password"
            required
            autofocus={first === "password"}
            {...faulty("password")}
          />
        </label>
        <button class="button primary" type="submit">
          Sign in
        </button>
      </form>
    </PlainDocument>
  );
}
