/**
 * The same flow as commonly built: Fastify, Socket.IO and better-sqlite3 in one Node process. A row and a call to the
 * gateway; a signed webhook, one transaction in SQLite, one emit to the payment's room; one read.
 */
import { createHmac, randomUUID, timingSafeEqual } from "node:crypto";
import Database from "better-sqlite3";
import fastify from "fastify";
import { Server } from "socket.io";

const { PORT, DATABASE, API_KEY, WEBHOOK_SECRET, GATEWAY_URL } = process.env;
const database = new Database(DATABASE);
database.pragma("journal_mode = WAL");
database.exec(`
  CREATE TABLE transactions (id TEXT PRIMARY KEY, order_id TEXT UNIQUE, status TEXT, version INTEGER, amount INTEGER,
    currency TEXT, payment_url TEXT, secret TEXT, updated_at INTEGER);
  CREATE TABLE events (transaction_id TEXT, version INTEGER, status TEXT, occurred_at INTEGER,
    PRIMARY KEY (transaction_id, version));
  CREATE TABLE inbox (transaction_id TEXT, event_id TEXT, received_at INTEGER, PRIMARY KEY (transaction_id, event_id));
`);
const insert = database.prepare("INSERT INTO transactions VALUES (?, ?, 'pending', 0, ?, ?, NULL, ?, ?)");
const open = database.prepare("UPDATE transactions SET version = 1, payment_url = ? WHERE id = ?");
const insertEvent = database.prepare("INSERT INTO events VALUES (?, ?, ?, ?)");
const insertInbox = database.prepare("INSERT INTO inbox VALUES (?, ?, ?)");
const update = database.prepare(
  "UPDATE transactions SET status = ?, version = 2, updated_at = ? WHERE id = ? AND version = 1",
);
const select = database.prepare("SELECT * FROM transactions WHERE id = ?");
const apply = database.transaction(({ transaction_id, event_id, status }, now) => {
  insertEvent.run(transaction_id, 2, status, now);
  insertInbox.run(transaction_id, event_id, now);
  update.run(status, now, transaction_id);
});

const app = fastify();
const io = new Server(app.server);
app.addContentTypeParser("application/json", { parseAs: "string" }, (_request, body, done) =>
  done(null, body),
);
app.addHook("onRequest", async (request, reply) => {
  const isOpen = request.url === "/health" || request.url.startsWith("/webhooks/");
  if (!isOpen && request.headers.authorization !== `Bearer ${API_KEY}`) {
    reply.code(401).send();
  }
});

app.get("/health", async () => "ok");

app.post("/transactions", async (request, reply) => {
  const { order_id, amount, currency } = JSON.parse(request.body);
  const [id, secret] = [`txn_${randomUUID()}`, randomUUID()];
  insert.run(id, order_id, amount, currency, secret, Date.now());
  const response = await fetch(`${GATEWAY_URL}/create-session`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ transaction_id: id, order_id, amount, currency }),
  });
  const { payment_url } = await response.json();
  open.run(payment_url, id);
  insertEvent.run(id, 1, "pending", Date.now());
  reply.code(201);
  return { id, status: "pending", payment_url, client_secret: secret };
});

app.post("/webhooks/generic", async (request, reply) => {
  if (!isAuthentic(request.headers, request.body)) {
    reply.code(401);
    return null;
  }
  const callback = JSON.parse(request.body);
  apply(callback, Date.now());
  io.to(callback.transaction_id).emit("payment_status_update", {
    transaction_id: callback.transaction_id,
    status: callback.status,
  });
  return { outcome: "applied" };
});

app.get("/transactions/:id", async (request) => select.get(request.params.id));

io.on("connection", (socket) => {
  socket.on("join", ({ id, secret }) => {
    const row = select.get(id);
    if (row?.secret === secret) {
      socket.join(id);
      socket.emit("payment_status_update", { transaction_id: id, status: row.status });
    }
  });
});

function isAuthentic(headers, body) {
  const key = Buffer.from(WEBHOOK_SECRET.slice("whsec_".length), "base64");
  const content = `${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`;
  const expected = createHmac("sha256", key).update(content).digest();
  const given = Buffer.from(headers["webhook-signature"].slice("v1,".length), "base64");
  return expected.length === given.length && timingSafeEqual(expected, given);
}

await app.listen({ port: Number(PORT), host: "127.0.0.1" });
