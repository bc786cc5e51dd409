/** What workerd's crypto.subtle has and Node's has elsewhere. For the tests in plain Node alone. */
import { timingSafeEqual } from "node:crypto";

Object.assign(crypto.subtle, {
  timingSafeEqual: (a: ArrayBuffer, b: ArrayBuffer) => timingSafeEqual(new Uint8Array(a), new Uint8Array(b)),
});
