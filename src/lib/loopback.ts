/**
 * A `fetch` that hands whatever is addressed to this Worker to its own entry point, as a whole Request: a Worker
 * cannot reach its own public address by the network in production. Everything else goes out as usual.
 */
import { exports } from "cloudflare:workers";

/** @param publicUrl this Worker's address; only an equal origin is looped back */
export function loopbackFetch(publicUrl: string): (request: Request) => Promise<Response> {
  const { origin } = new URL(publicUrl);
  return (request) =>
    new URL(request.url).origin === origin ? exports.default.fetch(request) : fetch(request);
}
