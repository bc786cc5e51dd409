/** Which origins may ask, watch, or be returned to: this Worker's own, the shop's, and its apps' schemes. */
import { hasNoCredentials, originOf } from "../lib/variables.ts";
import type { Services } from "../services.ts";
import { HttpProblem } from "./problem.ts";

export function isAllowedOrigin({ config }: Services, origin: string): boolean {
  return origin === config.publicUrl || config.allowedOrigins.includes(origin);
}

/**
 * The shop's page, or its app, that a buyer goes back to.
 * @throws HttpProblem 400 for anything but an address of an allowed origin or of an allowed scheme
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
  if (url === null) {
    return "must be an absolute address, such as https://shop.example/paid or myshop://paid";
  }
  if (!hasNoCredentials(url)) {
    return "must carry no user name and no password";
  }
  // Not url.origin, which is that of its maker for a blob: address. A scheme that runs something is never allowed.
  const origin = originOf(url);
  return isAllowedOrigin(services, origin) || isAllowedOrigin(services, `${url.protocol}//`)
    ? null
    : `${origin} is not in ALLOWED_ORIGINS`;
}
