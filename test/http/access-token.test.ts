/** Cloudflare Access's tokens at the console's door: what is believed, by which keys, and how often they are asked for. */
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import {
  AUDIENCE,
  makeSigner,
  makeToken,
  openTeam,
  publish,
  type Signer,
  signToken,
} from "../support/access.ts";
import { Browser, PASSWORD } from "../support/console.ts";

const SECOND_MS = 1000;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

let signer: Signer;
let next: Signer;
/** Under the name of the first, with numbers of its own. */
let impostor: Signer;

beforeAll(async () => {
  [signer, next, impostor] = (await Promise.all(["key-1", "key-2", "key-1"].map(makeSigner))) as [
    Signer,
    Signer,
    Signer,
  ];
});

afterEach(() => {
  vi.restoreAllMocks();
});

const fails = () => Promise.reject(new TypeError("no network"));

describe("verifyAccess", () => {
  it("lets a person in by their e-mail address, with a way out that is Access's own", async () => {
    const team = await openTeam(signer);
    expect(await team.enter(await signToken(signer, team.claims()))).toMatchObject({
      actor: "ada@shop.example",
      signOut: "access",
    });
    expect(team.calls).toEqual([`${team.url}/cdn-cgi/access/certs`]);
  });

  it("lets a service in by its token's name", async () => {
    const team = await openTeam(signer);
    const claims = team.claims({ email: undefined, sub: "", common_name: "0123abcd.access" });
    expect(await team.enter(await signToken(signer, claims))).toMatchObject({ actor: "0123abcd.access" });
  });

  it("takes the token from the browser's cookie where the header is missing", async () => {
    const team = await openTeam(signer);
    const token = await signToken(signer, team.claims());
    expect(await team.enter(`CF_Authorization=${token}`, "cookie")).toMatchObject({
      actor: "ada@shop.example",
    });
  });

  it("takes an audience among others, and as text", async () => {
    const team = await openTeam(signer);
    for (const aud of [["another", AUDIENCE], AUDIENCE]) {
      expect(await team.enter(await signToken(signer, team.claims({ aud })))).toMatchObject({
        signOut: "access",
      });
    }
  });

  it("believes no token without Access's signature, of whatever algorithm", async () => {
    const team = await openTeam(signer);
    const claims = team.claims();
    const header = { kid: signer.kid, typ: "JWT" };
    const none = async () => new ArrayBuffer(0);
    const spki = (await crypto.subtle.exportKey(
      "spki",
      await crypto.subtle.importKey("jwk", signer.jwk, { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" }, true, [
        "verify",
      ]),
    )) as ArrayBuffer;
    const hmac = (secret: ArrayBuffer | Uint8Array<ArrayBuffer>) => async (data: Uint8Array<ArrayBuffer>) => {
      const algorithm = { name: "HMAC", hash: "SHA-256" };
      return crypto.subtle.sign(
        "HMAC",
        await crypto.subtle.importKey("raw", secret, algorithm, false, ["sign"]),
        data,
      );
    };
    const utf8 = (text: string) => new Uint8Array(new TextEncoder().encode(text));
    const good = await signToken(signer, claims);
    const [head = "", body = "", signature = ""] = good.split(".");
    const other = (await signToken(signer, team.claims({ email: "eve@shop.example" }))).split(".")[1];
    const tokens = await Promise.all([
      makeToken({ ...header, alg: "none" }, claims, none),
      makeToken({ ...header, alg: "None" }, claims, none),
      makeToken({ ...header, alg: "RS256" }, claims, none),
      makeToken({ ...header, alg: "HS256" }, claims, hmac(spki)),
      makeToken({ ...header, alg: "HS256" }, claims, hmac(utf8(JSON.stringify(signer.jwk)))),
      makeToken({ ...header, alg: "HS256" }, claims, hmac(utf8(signer.jwk.n ?? ""))),
      // The key's own numbers under the only algorithm that is taken.
      makeToken({ ...header, alg: "RS256" }, claims, hmac(spki)),
      signToken(signer, claims, { alg: "RS384" }),
      signToken(signer, claims, { alg: "PS256" }),
      signToken(impostor, claims),
      signToken(impostor, claims, { jwk: impostor.jwk, jku: "https://evil.example/jwks" }),
      signToken(signer, claims, { crit: ["exp"] }),
      signToken(signer, claims, { typ: "other" }),
    ]);
    for (const token of [
      ...tokens,
      `${head}.${other}.${signature}`,
      `${head}.${body}.`,
      `${head}.${body}`,
      "a.b.c",
      "x",
    ]) {
      expect(await team.enter(token)).toBe(403);
    }
    expect(await team.enter(good)).toMatchObject({ signOut: "access" });
    expect(new Set(team.calls)).toEqual(new Set([`${team.url}/cdn-cgi/access/certs`]));
  });

  it("believes only what was made by this team, for this application, for somebody", async () => {
    const team = await openTeam(signer);
    const wrong: readonly object[] = [
      { iss: "https://another.cloudflareaccess.com" },
      { iss: `${team.url}/` },
      { iss: `${team.url}.evil.example` },
      { iss: undefined },
      { iss: [team.url] },
      { aud: ["another"] },
      { aud: [] },
      { aud: undefined },
      { aud: AUDIENCE.slice(1) },
      { aud: { [AUDIENCE]: true } },
      { email: undefined },
      { email: "" },
      { email: "ada\n@shop.example" },
      { email: 7 },
    ];
    for (const changes of wrong) {
      expect(await team.enter(await signToken(signer, team.claims(changes)))).toBe(403);
    }
    for (const claims of [null, [], "text", 7]) {
      expect(await team.enter(await signToken(signer, claims))).toBe(403);
    }
    const hs256 = await signToken(signer, team.claims(), { alg: "HS256" });
    expect(await team.enter(hs256)).toBe(403);
    // Of all these none was worth a call.
    expect(team.calls).toEqual([]);
  });

  it("holds the token's times against the injected wall clock", async () => {
    const team = await openTeam(signer);
    const seconds = Math.floor(team.now / SECOND_MS) + 48 * 3600;
    team.now = seconds * SECOND_MS;
    const wrong: readonly object[] = [
      { exp: seconds },
      { exp: seconds - 1 },
      { exp: undefined },
      { exp: String(seconds + 60) },
      { exp: null },
      { nbf: seconds + 32 },
      { iat: seconds + 32 },
      { nbf: "soon" },
    ];
    for (const changes of wrong) {
      expect(await team.enter(await signToken(signer, team.claims(changes)))).toBe(403);
    }
    const right: readonly object[] = [
      { exp: seconds + 2 },
      { nbf: undefined, iat: undefined },
      // Access's clock may be a little ahead.
      { nbf: seconds + 20, iat: seconds + 20 },
    ];
    for (const changes of right) {
      expect(await team.enter(await signToken(signer, team.claims(changes)))).toMatchObject({
        signOut: "access",
      });
    }
  });

  it("lets nobody stay beyond the token's end", async () => {
    const team = await openTeam(signer);
    const token = await signToken(signer, team.claims());
    team.now += HOUR_MS - 2 * SECOND_MS;
    expect(await team.enter(token)).toMatchObject({ signOut: "access" });
    team.now += 2 * SECOND_MS;
    expect(await team.enter(token)).toBe(403);
  });
});

describe("the team's keys", () => {
  it("are asked for once an hour", async () => {
    const team = await openTeam(signer);
    for (let minute = 0; minute < 60; minute += 10) {
      await team.enter(await signToken(signer, team.claims()));
      team.now += 10 * MINUTE_MS;
    }
    expect(team.calls).toHaveLength(1);
    await team.enter(await signToken(signer, team.claims()));
    expect(team.calls).toHaveLength(2);
  });

  it("are asked for anew when one of them is unknown: after a rotation nobody is locked out", async () => {
    const team = await openTeam(signer);
    await team.enter(await signToken(signer, team.claims()));
    team.answer = () => publish(next, signer);
    team.now += MINUTE_MS;
    expect(await team.enter(await signToken(next, team.claims()))).toMatchObject({ signOut: "access" });
    expect(await team.enter(await signToken(signer, team.claims()))).toMatchObject({ signOut: "access" });
    expect(team.calls).toHaveLength(2);
  });

  it("are no longer taken once the team does not publish them", async () => {
    const team = await openTeam(signer);
    await team.enter(await signToken(signer, team.claims()));
    team.answer = () => publish(next);
    team.now += HOUR_MS;
    expect(await team.enter(await signToken(signer, team.claims()))).toBe(403);
    expect(await team.enter(await signToken(next, team.claims()))).toMatchObject({ signOut: "access" });
  });

  it("are asked for once a minute, however many names somebody makes up", async () => {
    const team = await openTeam(signer);
    await team.enter(await signToken(signer, team.claims()));
    team.now += MINUTE_MS;
    const flood = async () => {
      const tokens = await Promise.all(
        Array.from({ length: 30 }, (_, n) => signToken(signer, team.claims(), { kid: `made-up-${n}` })),
      );
      expect(new Set(await Promise.all(tokens.map((token) => team.enter(token))))).toEqual(new Set([403]));
    };
    await flood();
    await flood();
    expect(team.calls).toHaveLength(2);
    // Who has a known key does not notice.
    expect(await team.enter(await signToken(signer, team.claims()))).toMatchObject({ signOut: "access" });
    team.now += MINUTE_MS;
    await flood();
    expect(team.calls).toHaveLength(3);
  });

  it.each<[string, () => Response | Promise<Response>]>([
    ["no network", fails],
    ["an error", () => new Response("down", { status: 500 })],
    ["an error that carries keys", () => Response.json({ keys: [next.jwk] }, { status: 500 })],
    ["a redirect", () => Response.redirect("https://evil.example/keys", 302)],
    ["no JSON", () => new Response("<html>")],
    ["no keys", () => Response.json({})],
    ["an empty list", () => Response.json({ keys: [] })],
    [
      "keys of another kind",
      () => {
        const others = [{ kty: "EC" }, { use: "enc" }, { alg: "PS256" }];
        const keys = others.map((kind) => ({ ...impostor.jwk, ...kind }));
        return Response.json({ keys: [{ kty: "oct", kid: "key-1", k: "AAAA" }, ...keys, null] });
      },
    ],
  ])("stay in use while the team answers with %s", async (_name, answer) => {
    const team = await openTeam(signer);
    await team.enter(await signToken(signer, team.claims()));
    team.answer = answer;
    team.now += 2 * HOUR_MS;
    for (let visit = 0; visit < 3; visit += 1) {
      expect(await team.enter(await signToken(signer, team.claims()))).toMatchObject({ signOut: "access" });
    }
    expect(team.calls).toHaveLength(2);
    team.now += MINUTE_MS;
    team.answer = () => publish(next);
    expect(await team.enter(await signToken(next, team.claims()))).toMatchObject({ signOut: "access" });
  });

  it("are asked for with a deadline, and no redirect is followed", async () => {
    const team = await openTeam(signer);
    const timeout = AbortSignal.timeout.bind(AbortSignal);
    const asked = vi.spyOn(AbortSignal, "timeout").mockImplementation(() => timeout(1));
    const redirects: string[] = [];
    team.answer = ({ signal, redirect }) => {
      redirects.push(redirect);
      return new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
      });
    };
    expect(await team.enter(await signToken(signer, team.claims()))).toBe(503);
    expect(asked).toHaveBeenCalledWith(5000);
    expect(redirects).toEqual(["manual"]);
  });

  it("say so when there are none, and are soon asked for again", async () => {
    const team = await openTeam(signer);
    team.answer = fails;
    const headers = { "cf-access-jwt-assertion": await signToken(signer, team.claims()) };
    const response = await team.browser.get("/console/me", headers);
    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).toBe("10");
    expect(await response.text()).toContain("Cloudflare Access did not answer");
    expect((await team.browser.get("/console/me", headers)).status).toBe(503);
    expect(team.calls).toHaveLength(1);
    team.answer = () => publish(signer);
    team.now += 10 * SECOND_MS;
    expect((await team.browser.get("/console/me", headers)).status).toBe(200);
  });

  it("are not waited for by one request on behalf of another", async () => {
    const team = await openTeam(signer);
    const token = await signToken(signer, team.claims());
    let answers = 0;
    // Whoever comes first never hears.
    team.answer = () => {
      answers += 1;
      return answers === 1 ? new Promise<Response>(() => undefined) : publish(signer);
    };
    void team.enter(token);
    expect(await team.enter(token)).toMatchObject({ signOut: "access" });
  });
});

describe("operatorOnly behind Access", () => {
  it("tells whoever comes without a good token what to do", async () => {
    const team = await openTeam(signer);
    const response = await team.browser.get("/console/me");
    expect(response.status).toBe(403);
    expect(await response.text()).toContain("Open the console at the address that your Access application");
    const wrong = await signToken(signer, team.claims({ aud: ["another"] }));
    const page = await team.browser.get("/console/me", { "cf-access-jwt-assertion": wrong });
    expect(await page.text()).toContain("ACCESS_AUD");
    expect((await team.browser.get("/console/sign-in")).status).toBe(403);
    expect((await team.browser.post("/console/me")).status).toBe(403);
  });

  it("has no password to guess", async () => {
    const team = await openTeam(signer);
    for (const password of ["", "null", "undefined", PASSWORD]) {
      await team.browser.signIn({ password });
    }
    expect(team.browser.cookies.size).toBe(0);
    expect(await team.browser.me()).toBeNull();
  });

  it("takes forms with the token of this very operator, from our own pages", async () => {
    const team = await openTeam(signer);
    const token = await signToken(signer, team.claims());
    const headers = { "cf-access-jwt-assertion": token };
    const ada = await team.browser.me(headers);
    const csrf = ada?.csrf ?? "";
    const eve = await signToken(signer, team.claims({ email: "eve@shop.example" }));
    const others = await team.browser.me({ "cf-access-jwt-assertion": eve });
    expect((await team.browser.post("/console/me", { csrf }, headers)).status).toBe(200);
    for (const wrong of ["", others?.csrf ?? "", csrf.slice(1)]) {
      expect((await team.browser.post("/console/me", { csrf: wrong }, headers)).status).toBe(403);
    }
    for (const origin of [undefined, "null", "https://evil.example"]) {
      expect((await team.browser.post("/console/me", { csrf }, { ...headers, origin })).status).toBe(403);
    }
  });

  it("leads from the sign-in to the page that was asked for", async () => {
    const team = await openTeam(signer);
    const headers = { "cf-access-jwt-assertion": await signToken(signer, team.claims()) };
    const response = await team.browser.get("/console/sign-in?to=/console/payments", headers);
    expect([response.status, response.headers.get("location")]).toEqual([303, "/console/payments"]);
  });

  it("stands beside a password: Access's word goes first, and who has none signs in", async () => {
    const team = await openTeam(signer, { CONSOLE_PASSWORD: PASSWORD });
    expect((await team.browser.get("/console/me")).headers.get("location")).toMatch(
      /^\/console\/sign-in\?to=/,
    );
    await team.browser.signIn({ name: "Grace" });
    expect(await team.browser.me()).toMatchObject({ actor: "Grace", signOut: "form" });
    const headers = { "cf-access-jwt-assertion": await signToken(signer, team.claims()) };
    expect(await team.browser.me(headers)).toMatchObject({ actor: "ada@shop.example", signOut: "access" });
    team.answer = fails;
    team.now += 2 * HOUR_MS;
    const late = new Browser(team.system);
    expect((await late.get("/console/me", { "cf-access-jwt-assertion": "x" })).status).toBe(303);
  });

  it("writes to the log why somebody was refused, and nothing of the token", async () => {
    const team = await openTeam(signer);
    const lines: string[] = [];
    vi.spyOn(console, "warn").mockImplementation((line) => void lines.push(String(line)));
    const token = await signToken(signer, team.claims({ aud: ["another"] }));
    await team.enter(token);
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { event: "operator.refused", reason: "wrong_audience" },
    ]);
    expect(lines.join()).not.toContain(token.split(".")[1]);
    expect(lines.join()).not.toContain("ada@");
  });
});
