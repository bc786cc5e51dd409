/** Which web origins may ask, watch, or be returned to: this Worker's own, and the shop's. */
import { hasNoCredentials } from "../lib/variables.ts";
import type { Services } from "../services.ts";
import { HttpProblem } from "./problem.ts";

export function isAllowedOrigin({ config }: Services, origin: string): boolean {
  return origin === config.publicUrl || config.allowedOrigins.includes(origin);
}

/**
 * The shop's page that a buyer goes back to.
 * @throws HttpProblem 400 for anything but an address of an allowed origin
 */
export function checkReturnUrl(services: Services, returnUrl: string | null): string | null {
  if (returnUrl === null) {
    return null;
  }
  const url = URL.parse(returnUrl);
  const fault = findFault(services, url);
  if (fault !== null) {
    throw new HttpProblem("invalid_request", "Some of the input is not valid; see errors.", {
      errors: [{ pointer: "/return_url", detail: fault }],
    });
  }
  return url?.href ?? null;
}

function findFault(services: Services, url: URL | null): string | null {
  // The scheme comes first: the origin of a blob: address is that of its maker.
  if (url?.protocol !== "https:" && url?.protocol !== "http:") {
    return "must be an absolute https address";
  }
  if (!hasNoCredentials(url)) {
    return "must carry no user name and no password";
  }
  return isAllowedOrigin(services, url.origin) ? null : `${url.origin} is not in ALLOWED_ORIGINS`;
}
