/** GET /transactions/:id/socket: proves the right to watch, then hands the socket to the transaction's channel. */
import { Hono } from "hono";
import { SECRET_SUBPROTOCOL_PREFIX, SUBPROTOCOL } from "../../channel/message.ts";
import type { AppEnv } from "../app-env.ts";
import { authenticate, authorizeView, readBearer } from "../auth.ts";
import { isAllowedOrigin } from "../origins.ts";
import { HttpProblem } from "../problem.ts";

export const socketRoutes = new Hono<AppEnv>();

socketRoutes.get("/:id/socket", async (c) => {
  const { services } = c.env;
  const request = c.req.raw;
  const id = c.req.param("id");
  if (request.headers.get("upgrade")?.toLowerCase() !== "websocket") {
    throw new HttpProblem("upgrade_required", "Connect with a WebSocket.");
  }
  const origin = request.headers.get("origin");
  if (origin !== null && origin !== new URL(request.url).origin && !isAllowedOrigin(services, origin)) {
    throw new HttpProblem("origin_not_allowed", `Add ${origin} to ALLOWED_ORIGINS to watch from there.`);
  }
  const offered = readSubprotocols(request);
  const principal = await authenticate(services, readBearer(request) ?? readSubprotocolSecret(offered));
  authorizeView(principal, id);
  if (offered.length > 0 && !offered.includes(SUBPROTOCOL)) {
    throw new HttpProblem("invalid_request", `Offer the subprotocol ${SUBPROTOCOL}.`);
  }
  const response = await services.channel.connect(id, request);
  if (response.status === 404) {
    throw new HttpProblem("not_found", "There is no such transaction.");
  }
  return response;
});

function readSubprotocols(request: Request): string[] {
  const header = request.headers.get("sec-websocket-protocol") ?? "";
  return header.split(",").flatMap((part) => part.trim() || []);
}

function readSubprotocolSecret(offered: readonly string[]): string | null {
  const entry = offered.find((name) => name.startsWith(SECRET_SUBPROTOCOL_PREFIX));
  return entry?.slice(SECRET_SUBPROTOCOL_PREFIX.length) ?? null;
}
