/** How the builds write: only what has changed, each file at once, so that several may run and nobody reads a half. */
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

/** Makes `directory` hold these files and no others. The names may have folders in them. */
export async function writeFiles(
  directory: string,
  files: ReadonlyMap<string, Uint8Array | string>,
): Promise<void> {
  await mkdir(directory, { recursive: true });
  for (const [name, contents] of files) {
    const path = join(directory, name);
    const present = await readFile(path).catch(() => null);
    if (!present?.equals(Buffer.from(contents))) {
      const fresh = `${path}.${process.pid}`;
      await mkdir(dirname(path), { recursive: true });
      await writeFile(fresh, contents);
      await rename(fresh, path);
    }
  }
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    // Another build's fresh file is left to it.
    if (entry.isFile() && !files.has(path.slice(join(directory, "/").length)) && !/\.\d+$/.test(path)) {
      await rm(path, { force: true });
    }
  }
}
