/** Reads the forms of our own pages, as a browser without JavaScript would send them. */
import { fetchDescribed } from "./contract.ts";

export interface Form {
  readonly action: string;
  readonly method: string;
  readonly fields: Readonly<Record<string, string>>;
}

export function forms(html: string): Form[] {
  return [...html.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/g)].map(([, tag = "", inside = ""]) => ({
    action: attribute(tag, "action") ?? "",
    method: (attribute(tag, "method") ?? "get").toLowerCase(),
    fields: Object.fromEntries(
      [...inside.matchAll(/<input\b([^>]*)>/g)]
        .filter(([, input = ""]) => attribute(input, "type") === "hidden")
        .map(([, input = ""]) => [attribute(input, "name") ?? "", attribute(input, "value") ?? ""]),
    ),
  }));
}

/** Sends a form of the page at this address; redirects are not followed. */
export function submit(
  page: string,
  form: Form,
  more: Readonly<Record<string, string>> = {},
): Promise<Response> {
  return fetchDescribed(new URL(form.action === "" ? page : form.action, page), {
    method: form.method,
    redirect: "manual",
    body: new URLSearchParams({ ...form.fields, ...more }),
  });
}

function attribute(tag: string, name: string): string | undefined {
  const value = new RegExp(`\\b${name}="([^"]*)"`).exec(tag)?.[1];
  return value?.replaceAll("&quot;", '"').replaceAll("&lt;", "<").replaceAll("&amp;", "&");
}
