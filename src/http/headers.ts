/** The headers of every answer; what a page or a route says itself is kept. */
const DEFAULTS = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
  "strict-transport-security": "max-age=63072000; includeSubDomains",
  "x-content-type-options": "nosniff",
};

/** @returns the same answer; or, where it is somebody else's and cannot be changed, a copy */
export function withHeaders(response: Response, requestId: string): Response {
  try {
    stamp(response.headers, requestId);
    return response;
  } catch {
    const { status, statusText, body } = response;
    const headers = new Headers(response.headers);
    stamp(headers, requestId);
    return new Response(body, { status, statusText, headers });
  }
}

/** @throws TypeError for headers that cannot be changed */
function stamp(headers: Headers, requestId: string): void {
  headers.set("x-request-id", headers.get("x-request-id") ?? requestId);
  for (const [name, value] of Object.entries(DEFAULTS)) {
    if (!headers.has(name)) {
      headers.set(name, value);
    }
  }
}
