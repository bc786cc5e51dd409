/** A shop's pages on an origin of their own, under a policy that allows no style and no script but files. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { build } from "esbuild";

const ROOT = join(import.meta.dirname, "../../..");

export interface ShopPages {
  readonly origin: string;
  /** The address of a page with this in its body, and with `script` as its module. */
  page(body: string, script?: string): string;
  /** Where payment-edge is. */
  allow(worker: string): void;
  stop(): Promise<void>;
}

export async function startShopPages(): Promise<ShopPages> {
  const files = new Map<string, readonly [type: string, text: string]>();
  let policy = "default-src 'none'";
  const server = createServer((request, response) => {
    const [type, text] = files.get(request.url ?? "") ?? ["text/plain", ""];
    response.writeHead(text === "" ? 404 : 200, { "content-type": type, "content-security-policy": policy });
    response.end(text);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const add = (type: string, text: string): string => {
    const path = `/${files.size}`;
    files.set(path, [type, text]);
    return `${origin}${path}`;
  };
  return {
    origin,
    page(body, script) {
      const module = script === undefined ? "" : add("text/javascript", script);
      const tag = module && `<script type="module" src="${module}"></script>`;
      return add(
        "text/html; charset=utf-8",
        `<!doctype html><html lang="en"><title>A shop</title><body>${body}${tag}</body></html>`,
      );
    },
    allow(worker) {
      policy = `default-src 'none'; script-src 'self' ${worker}; connect-src ${worker} ${worker.replace(/^http/, "ws")}; require-trusted-types-for 'script'`;
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** A page's script with the published package and React in it, as a shop's bundler would make it. */
export async function bundlePage(name: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, name)],
    alias: { "@payment-edge/client": join(ROOT, "dist/client") },
    bundle: true,
    format: "esm",
    define: { "process.env.NODE_ENV": '"development"' },
    write: false,
  });
  return outputFiles[0]?.text ?? "";
}
