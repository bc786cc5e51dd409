/** How large a body may be: counted as it comes, whatever it says of its own length. */
import type { MiddlewareHandler } from "hono";
import { createMiddleware } from "hono/factory";
import type { AppEnv } from "./app-env.ts";
import { HttpProblem } from "./problem.ts";

/** Whoever comes after it reads the body from memory. */
export function limitBody(maxBytes: number): MiddlewareHandler<AppEnv> {
  return createMiddleware<AppEnv>(async (c, next) => {
    if (c.req.raw.body) {
      c.req.raw = new Request(c.req.raw, { body: await readBounded(c.req.raw, maxBytes) });
    }
    await next();
  });
}

/** @throws HttpProblem 413, and reads no further, once there is more of it; 400 where it breaks off */
export async function readBounded(
  { headers, body }: Request,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  if (Number(headers.get("content-length")) > maxBytes) {
    throw tooLarge(maxBytes);
  }
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  try {
    for await (const chunk of body ?? []) {
      size += chunk.byteLength;
      if (size > maxBytes) {
        throw tooLarge(maxBytes);
      }
      chunks.push(chunk);
    }
  } catch (error) {
    // Whoever sent it is gone: no fault of ours.
    throw error instanceof HttpProblem
      ? error
      : new HttpProblem("invalid_request", "The body broke off before its end.");
  }
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}

function tooLarge(maxBytes: number): HttpProblem {
  return new HttpProblem("payload_too_large", `A body here has at most ${maxBytes / 1024} KiB.`);
}
