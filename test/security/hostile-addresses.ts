/** Addresses that somebody hostile would have us call, or lead a browser to. */

/** This machine, its network and the cloud's own services, in the spellings that a careless reader misses. */
const INSIDE =
  `localhost localhost. LOCALHOST 127.0.0.1 127.0.0.1. 127.1 127.0.1 0 0.0.0.0 2130706433 0x7f000001 0x7f.0.0.1
  0177.0.0.1 017700000001 127.0.0.1.nip.io localtest.me [::1] [::] [::ffff:127.0.0.1] [::ffff:7f00:1] [0:0:0:0:0:0:0:1]
  [::ffff:10.0.0.1] [64:ff9b::127.0.0.1] [64:ff9b::a00:1] [2002:7f00:1::] [2002:a00:1::] [fe80::1] [fc00::1] [fd00::1]
  10.0.0.1 10.1 012.0.0.1 167772161 172.16.0.1 172.31.255.255 192.168.0.1 192.168.1.1 192.168.257 169.254.169.254
  169.254.43518 2852039166 0xa9fea9fe 0251.0376.0251.0376 [::ffff:a9fe:a9fe] metadata.google.internal
  metadata.google.internal. instance-data 100.64.0.1 100.100.100.200 192.0.0.192 198.18.0.1 224.0.0.1 255.255.255.255
  kubernetes.default.svc host.docker.internal router.local printer.lan intranet db.internal
  １２７.０.０.１ ①②⑦.⓪.⓪.① ⓛocalhost localhost%00 127.0.0.1%2f %6c%6f%63%61%6c%68%6f%73%74`.split(/\s+/);

/** Elsewhere, though something in it looks like the shop. */
const ELSEWHERE = [
  "https://shop.example@evil.example/",
  "https://shop.example:443@evil.example/",
  "https://shop.example%40evil.example/",
  "https://shop.example%2eevil.example/",
  "https://shop.example.evil.example/",
  "https://evilshop.example/",
  "https://sub.shop.example/",
  "https://shop.example./",
  "https://shop.example:8443/",
  "http://shop.example/",
  "https://evil.example/https://shop.example/",
  "https://evil.example?https://shop.example/",
  "https://evil.example#https://shop.example/",
  "https://evil.example\\@shop.example/",
  "https://evil.example\\.shop.example/",
  "https://shop.exampl\u0435/",
  "https://ѕhop.example/",
  "https://xn--shop-9ta.example/",
  "https://shop\u3002example.evil.example/",
  "https://shop.example\u0000.evil.example/",
  "https:/evil.example/",
  "https:evil.example",
  "https:\\\\evil.example\\",
  "ht\ttps://evil.example/",
  "//evil.example/",
  "///evil.example/",
  "/\\evil.example/",
  "\\/evil.example/",
  "\\\\evil.example\\",
  "/\t/evil.example/",
  "/%09/evil.example/",
  "/%2f%2fevil.example/",
  "/..//evil.example/",
  "/.//evil.example/",
  "/;//evil.example/",
  "/console//evil.example/../..//evil.example/",
  "javascript:alert(1)",
  "JaVaScRiPt:alert(1)",
  "java\nscript:alert(1)",
  "\u0001javascript:alert(1)",
  "javascript://shop.example/%0aalert(1)",
  "data:text/html,<script>alert(1)</script>",
  "data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==",
  "vbscript:msgbox(1)",
  "blob:https://shop.example/5b7f3c52-0000-4000-8000-000000000000",
  "filesystem:https://shop.example/temporary/x",
  "view-source:https://shop.example/",
  "file:///etc/passwd",
  "gopher://127.0.0.1:6379/_INFO",
  "dict://127.0.0.1:11211/stats",
  "ftp://evil.example/",
  "ldap://evil.example/",
  "intent://evil.example/#Intent;scheme=https;end",
  "unix:/var/run/docker.sock",
];

export const INSIDE_ADDRESSES = INSIDE.flatMap((host) => [
  `http://${host}/`,
  `https://${host}/latest/meta-data`,
]);
export const HOSTILE_ADDRESSES = [...INSIDE_ADDRESSES, ...ELSEWHERE];
/** What a page could be led to. */
export const FOREIGN_DESTINATIONS = [...ELSEWHERE, "http://127.0.0.1/", "https://[::1]/"];
