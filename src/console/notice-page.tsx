/** A page that says one thing and shows one way on: refusals, and what went wrong. */
import { PlainDocument } from "./document.tsx";

export interface Notice {
  readonly title: string;
  /** What to do, in a sentence or two. */
  readonly text: string;
  readonly link: { readonly href: string; readonly label: string };
}

const TO_CONSOLE = { href: "/console", label: "To the console" };
const TRY_AGAIN = { href: "/console", label: "Try again" };

export const OUT_OF_DATE: Notice = {
  title: "This form is out of date",
  text: "Nothing was done. Go back, load the page again, and repeat what you did.",
  link: TO_CONSOLE,
};

export const SIGNED_OUT: Notice = {
  title: "You are not signed in",
  text: "Nothing was done. Sign in, and repeat what you did.",
  link: { href: "/console/sign-in", label: "Sign in" },
};

export const ACCESS_UNAVAILABLE: Notice = {
  title: "Cloudflare Access did not answer",
  text: "Its public keys could not be loaded, so nobody can be let in at this moment. If this goes on, look whether ACCESS_TEAM_DOMAIN is right.",
  link: TRY_AGAIN,
};

const OPEN_GUARDED = "Open the console at the address that your Access application protects.";

/** What to do about Cloudflare Access's token, by what is wrong with it. */
const ACCESS_ADVICE = {
  no_token: `The request came without a token. ${OPEN_GUARDED}`,
  malformed: `The token is not one of Access's. ${OPEN_GUARDED}`,
  wrong_algorithm: `The token is not one of Access's. ${OPEN_GUARDED}`,
  wrong_signature: `The token is not one of Access's. ${OPEN_GUARDED}`,
  wrong_issuer: "The token is of another team: compare ACCESS_TEAM_DOMAIN with the team's domain.",
  unknown_key:
    "The token is signed with a key that Access does not publish. Load the page again in a minute.",
  wrong_audience:
    "The token is for another application: compare ACCESS_AUD with the application's audience tag.",
  expired: "The token has expired. Load the page again to get a new one.",
  not_yet_valid: "The token is not valid yet. Wait a minute and load the page again.",
} as const;

export function notAdmitted(reason: keyof typeof ACCESS_ADVICE): Notice {
  return { title: "Cloudflare Access has not let you in", text: ACCESS_ADVICE[reason], link: TRY_AGAIN };
}

export function tooManyAttempts(retryAfterSeconds: number): Notice {
  const minutes = Math.ceil(retryAfterSeconds / 60);
  return {
    title: "Too many attempts",
    text: `There were too many attempts to sign in from your address. Try again in ${minutes === 1 ? "a minute" : `${minutes} minutes`}.`,
    link: { href: "/console/sign-in", label: "Back to the sign-in" },
  };
}

export function NoticePage({ title, text, link }: Notice) {
  return (
    <PlainDocument title={title}>
      <h1>{title}</h1>
      <p>{text}</p>
      <p>
        <a class="button" href={link.href}>
          {link.label}
        </a>
      </p>
    </PlainDocument>
  );
}
