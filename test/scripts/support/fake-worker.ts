/** A deployed Worker, as far as the doctor asks it. */
import { answerJson, type RunningServer, serve } from "../../flows/support/http-server.ts";

export interface FakeWorker extends RunningServer {
  /** Whoever asked the doctor, by their authorization. */
  readonly askers: (string | undefined)[];
}

export interface Answers {
  /** Of a webhook that is signed, and of a forged one. */
  readonly signed?: number;
  readonly forged?: number;
  readonly findings?: readonly object[];
  /** Instead of all others. */
  readonly all?: { readonly status: number; readonly body: object };
}

const WELL = { check: "database", level: "ok", says: "D1 answers in 4 ms.", advice: null };

export async function startFakeWorker(key: string, answers: Answers = {}): Promise<FakeWorker> {
  const askers: (string | undefined)[] = [];
  const server = await serve(({ method, path, headers, body }, response) => {
    const { signed = 200, forged = 401, findings = [WELL], all } = answers;
    const url = `http://${headers.host}/webhooks/stripe`;
    const probe = { gateway: "stripe", url, headers: { "stripe-signature": "t=1,v1=00" } };
    if (all) {
      answerJson(response, all.status, all.body);
    } else if (path === "/health") {
      answerJson(response, 200, { status: "ok", checks: {} });
    } else if (path === "/webhooks/stripe") {
      const isSigned = body === "signed" && headers["stripe-signature"] === "t=1,v1=00";
      answerJson(response, isSigned ? signed : forged, { outcome: "ignored" });
    } else if (headers.authorization !== `Bearer ${key}`) {
      answerJson(response, 401, { code: "unauthorized" });
    } else if (path === "/doctor") {
      askers.push(headers.authorization);
      answerJson(response, 200, { status: "ok", findings });
    } else if (path === "/doctor/probes" && method === "POST") {
      const probes = [
        { ...probe, body: "signed", expects: 200 },
        { ...probe, body: "forged", expects: 401 },
      ];
      answerJson(response, 200, { probes });
    } else {
      answerJson(response, 404, {});
    }
  });
  return { ...server, askers };
}
