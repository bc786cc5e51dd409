/** Cloudflare Access, replaced: teams that sign tokens and publish their keys. */
import { Browser } from "./console.ts";
import { createSystem, replaceServices } from "./system.ts";

export const AUDIENCE = "audience-tag-for-tests";

export interface Signer {
  readonly kid: string;
  readonly privateKey: CryptoKey;
  /** As the team publishes it. */
  readonly jwk: JsonWebKey & { readonly kid: string };
}

export async function makeSigner(kid: string): Promise<Signer> {
  const pair = (await crypto.subtle.generateKey(
    {
      name: "RSASSA-PKCS1-v1_5",
      hash: "SHA-256",
      modulusLength: 2048,
      publicExponent: new Uint8Array([1, 0, 1]),
    },
    true,
    ["sign", "verify"],
  )) as CryptoKeyPair;
  const { n = "", e = "" } = (await crypto.subtle.exportKey("jwk", pair.publicKey)) as JsonWebKey;
  return { kid, privateKey: pair.privateKey, jwk: { kid, kty: "RSA", alg: "RS256", use: "sig", e, n } };
}

type Bytes = Uint8Array<ArrayBuffer>;
type Sign = (data: Bytes) => Promise<ArrayBuffer>;

/** A JWT with whatever header and signature. */
export async function makeToken(header: object, claims: unknown, sign: Sign): Promise<string> {
  const toText = (bytes: Bytes) => bytes.toBase64({ alphabet: "base64url", omitPadding: true });
  const utf8 = (text: string) => new Uint8Array(new TextEncoder().encode(text));
  const signed = [header, claims].map((part) => toText(utf8(JSON.stringify(part)))).join(".");
  return `${signed}.${toText(new Uint8Array(await sign(utf8(signed))))}`;
}

export function signToken(
  { kid, privateKey }: Signer,
  claims: unknown,
  header: object = {},
): Promise<string> {
  return makeToken({ alg: "RS256", kid, typ: "JWT", ...header }, claims, (data) =>
    crypto.subtle.sign("RSASSA-PKCS1-v1_5", privateKey, data),
  );
}

let teams = 0;

/** Each one new, for its keys are held as long as the isolate lives. */
export async function openTeam(signer: Signer, variables: Record<string, unknown> = {}) {
  teams += 1;
  const url = `https://team-${teams}.cloudflareaccess.com`;
  const access = { ACCESS_TEAM_DOMAIN: url, ACCESS_AUD: AUDIENCE, CONSOLE_PASSWORD: "" };
  const system = await createSystem({ ...access, ...variables });
  const team = {
    url,
    system,
    browser: new Browser(system),
    /** The wall clock, to turn. */
    now: Date.now(),
    /** What it says when it is asked for its keys. */
    answer: (_request: Request): Response | Promise<Response> => publish(signer),
    /** The addresses that were asked. */
    calls: [] as string[],
    /** A person's claims, good for an hour. */
    claims: (changes: object = {}): object => {
      const seconds = Math.floor(team.now / 1000);
      const times = { iat: seconds, nbf: seconds, exp: seconds + 3600 };
      return { iss: url, aud: [AUDIENCE], email: "ada@shop.example", sub: "7335d417", ...times, ...changes };
    },
    /** Who is in by this token; the status where nobody is. */
    enter: async (token: string, header = "cf-access-jwt-assertion") => {
      const response = await team.browser.get("/console/me", { [header]: token });
      return response.status === 200
        ? ((await response.json()) as { actor: string; csrf: string; signOut: string })
        : response.status;
    },
  };
  replaceServices(system, {
    wallClock: () => team.now,
    fetch: async (request) => {
      team.calls.push(request.url);
      return team.answer(request);
    },
  });
  return team;
}

export function publish(...signers: readonly Signer[]): Response {
  return Response.json({ keys: signers.map(({ jwk }) => jwk), public_certs: [] });
}
