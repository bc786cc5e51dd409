/**
 * Stands where wrangler is: notes what it was called with, and keeps an account with a database, a Worker and its
 * secrets, all in FAKE_WRANGLER, a directory.
 */
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const home = process.env.FAKE_WRANGLER ?? "";
const args = process.argv.slice(2);
// Which Worker it is about changes nothing here: an account has one.
const command = args.join(" ").replace(/ --config \S+/, "");
const account = JSON.parse(readFileSync(join(home, "account.json"), "utf8"));
const takesInput = command.startsWith("secret bulk");
const input = takesInput ? readFileSync(0, "utf8") : "";
appendFileSync(join(home, "calls.jsonl"), `${JSON.stringify({ args, input })}\n`);

const fail = (message) => {
  console.error(message);
  process.exit(1);
};
const change = (changes) =>
  writeFileSync(join(home, "account.json"), JSON.stringify({ ...account, ...changes }));

if (command.startsWith(account.fails ?? "nothing fails")) {
  fail("X [ERROR] it failed");
}
if (command === "whoami --json") {
  console.log(JSON.stringify({ loggedIn: account.signedIn }));
  process.exit(account.signedIn ? 0 : 1);
}
if (command === "login") {
  change({ signedIn: account.canSignIn });
} else if (command === "deploy --dry-run") {
  console.log("Total Upload: 12.34 KiB / gzip: 5.67 KiB");
} else if (!account.signedIn && !command.startsWith("types")) {
  fail("X [ERROR] not signed in");
} else if (command === "d1 list --json") {
  console.log(JSON.stringify(account.databases));
} else if (command.startsWith("d1 create")) {
  change({ databases: [...account.databases, { uuid: `uuid-of-${args[2]}`, name: args[2] }] });
} else if (command === "secret list --format json") {
  if (account.secrets === null) {
    fail('X [ERROR] Worker "payment-edge" not found.');
  }
  console.log(JSON.stringify(account.secrets.map((name) => ({ name, type: "secret_text" }))));
} else if (takesInput) {
  change({ secrets: [...(account.secrets ?? []), ...Object.keys(JSON.parse(input))] });
}
