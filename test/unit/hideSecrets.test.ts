import assert from "node:assert/strict";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import fc from "fast-check";
import { hideSecrets } from "../../protocol/hideSecrets.ts";
import { formatJoinLink } from "../../protocol/joinLink.ts";
import { cleanLogLine } from "../../service/cleanLogLine.ts";

const { privateKey } = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
  publicKeyEncoding: { type: "spki", format: "pem" },
});
const keyLines = privateKey.split("\n").slice(1, -2);
const aToken = (): string => randomBytes(24).toString("base64url");

describe("what is hidden of a text", () => {
  it("is a private key: whole, cut at either end, on one line, or its lines alone", () => {
    for (const text of [
      privateKey,
      privateKey.slice(0, 500),
      privateKey.slice(100),
      JSON.stringify({ keyPem: privateKey }),
      JSON.stringify(JSON.stringify({ keyPem: privateKey })),
      keyLines.join("\n"),
      keyLines[3]!,
    ])
      for (const line of keyLines)
        assert.ok(!hideSecrets(`before ${text}`).includes(line.slice(0, 40)), text.slice(0, 80));
  });

  it("is a join link's token, in links of any scheme, encoded or alone, whatever characters it has", () => {
    const ends = ["-", "_", "A", "9"].flatMap((first) =>
      ["-", "_", "z", "0"].map((last) => `${first}aB3-_${aToken().slice(6, -1)}${last}`),
    );
    for (const token of [aToken(), ...ends]) {
      const link = { url: "https://192.0.2.7:7443", token, caFingerprint: "ab".repeat(32) };
      for (const text of [
        formatJoinLink(link),
        formatJoinLink(link, "vscode"),
        formatJoinLink(link, "another-editor"),
        encodeURIComponent(formatJoinLink(link)),
        `{"token":"${token}"}`,
        `the token '${token}' is not known`,
        `(${token})`,
      ])
        assert.ok(!hideSecrets(text).includes(token.slice(2, -2)), `${token} in ${text}`);
    }
  });

  it("is what follows a word that announces a secret", () => {
    for (const text of [
      "Authorization: Bearer sesame",
      "authorization: Basic c2VzYW1l-sesame",
      "sent Bearer sesame.sesame.sesame",
      "password=sesame",
      "passphrase: sesame",
      '{"password":"open, sesame; (now)"}',
      '"{\\"accessToken\\":\\"sesame\\"}"',
      "Cookie: sesame",
      "Cookie: a=b; session=sesame",
      "password=open,sesame",
      "mysql --password sesame --host db",
      "https://fleet/x?token=sesame&y=1",
      "HF_API_KEY=sesame",
      "AWS_SECRET_ACCESS_KEY=sesame/Sesame+1",
      '{"apiKey":"sesame","secret-key":"sesame"}',
      "https://ada:sesame@fleet/x",
      "cloning git+https://ada:open@sesame@host:8443/x.git failed",
    ])
      assert.doesNotMatch(hideSecrets(text), /sesame/, text);
  });

  it("is nothing that only looks like one: ids, hashes, fingerprints, paths, long names", () => {
    for (const text of [
      "job j-0123456789abcdef on h-0123456789abcdef ended",
      "spiffe://3f2504e0-4f89-41d3-9a0c-0305e82c3301/user/ada",
      `GPU-3f2504e0-4f89-41d3-9a0c-0305e82c3301 of ${"ab12".repeat(16)}`,
      `the key is SHA256:${"Ab1/".repeat(10)}Ab1`,
      "/home/ada/a-very-long-name-of-a-folder-with-many-words/and-another-one-of-that-kind/file.py",
      "at processTicksAndRejections (node:internal/process/task_queues:105:5)",
      "HWLEDGER_A_VERY_LONG_NAME_OF_AN_ENVIRONMENT_VARIABLE is not set",
      "-".repeat(80),
      "https://192.0.2.7:7443/v1/hosts, ssh://ada@host:22 and https://ada@host/x?y=a:b@c",
      "AWS_ACCESS_KEY_ID is not set; the api key is missing",
      "the token was refused; a password is needed; no authorization",
    ])
      assert.equal(hideSecrets(text), text);
  });

  it("is nothing of ordinary text", () => {
    const word = fc.stringMatching(/^[a-z]{1,12}$|^[A-Z][a-z]{0,11}$|^\d{1,6}$/);
    const text = fc.array(word, { maxLength: 40 }).map((words) => words.join(" "));
    fc.assert(fc.property(text, (ordinary) => hideSecrets(ordinary) === ordinary));
  });

  it("is found in any text without a failure, and once is enough", () => {
    const part = fc.oneof(
      fc.string(),
      fc.constantFrom(
        "-----BEGIN PRIVATE KEY-----",
        "token=",
        '"password":"',
        "Bearer ",
        "hwledger://",
        privateKey,
      ),
    );
    fc.assert(
      fc.property(fc.array(part), (parts) => {
        const once = hideSecrets(parts.join(""));
        assert.ok(!once.includes(keyLines[0]!));
      }),
    );
  });

  it("takes no longer than a long text deserves", () => {
    for (const part of [
      "-----BEGIN A-----",
      "--",
      "token",
      "token ",
      "a",
      "aA0/",
      "Bearer ",
      "SHA256:",
      "hwledger://",
      "://a:",
      "api_",
    ])
      hideSecrets(part.repeat(100_000));
  });
});

describe("a line of the log", () => {
  const cleaned = (value: object): string => cleanLogLine(`${JSON.stringify(value)}\n`);

  it("that holds no secret stays as it is", () => {
    const line =
      '{"level":30,"time":1700000000000,"pid":1,"url":"https://127.0.0.1:7443","msg":"the service listens"}\n';
    assert.equal(cleanLogLine(line), line);
  });

  it("loses secrets wherever they stand, and stays one line of JSON", () => {
    const token = aToken();
    const line = cleaned({
      msg: `refused ${token}`,
      err: { message: privateKey, stack: `Error: ${privateKey}\n    at x`, cause: [{ text: token }] },
      headers: { authorization: "Bearer sesame" },
      answer: "sesame",
      [token]: 1,
    });
    for (const secret of [token, keyLines[0]!, "sesame"]) assert.ok(!line.includes(secret), line);
    assert.equal(line.indexOf("\n"), line.length - 1);
    assert.deepEqual(Object.keys(JSON.parse(line) as object), [
      "msg",
      "err",
      "headers",
      "answer",
      "<secret>",
    ]);
  });

  it("that cannot be read is left out, not let through", () => {
    const line = cleanLogLine(`{"msg":"${aToken()}`);
    assert.match(line, /^\{"level":50,"msg":"a line that could not be cleaned [a-z ]+"\}\n$/);
  });

  it("of anything that JSON can hold is JSON again", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        JSON.parse(cleaned(value));
      }),
    );
  });
});
