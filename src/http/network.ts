/**
 * Which callers are one: by the address that Cloudflare says, an IPv4 address itself, of an IPv6 address its first 64
 * bits. One line at home has all the rest.
 */
export function networkOf(address: string): string {
  const canonical = URL.parse(`http://[${address}]/`)?.hostname.slice(1, -1);
  if (canonical === undefined) {
    return address;
  }
  const [before = [], after = []] = canonical.split("::").map((part) => part.split(":").filter(Boolean));
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => "0");
  return [...before, ...zeros, ...after].slice(0, 4).join(":");
}
