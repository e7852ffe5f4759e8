import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "mocha";
import { problemCatalog } from "../../protocol/problemCatalog.ts";
import { admits, type Route } from "../../protocol/route.ts";
import { routes } from "../../protocol/routes.ts";
import { programVersion } from "../../protocol/version.ts";
import fastify, { type FastifyInstance } from "fastify";
import { agentPath } from "../../protocol/agentLink.ts";
import { streamPath } from "../../protocol/stream.ts";
import { createChanges } from "../../service/fleet/createChanges.ts";
import { defaultAppLimits } from "../../service/http/appLimits.ts";
import { composeHttp, type HttpNeeds } from "../../service/http/composeHttp.ts";
import { openApiDocument } from "../../service/http/openApi.ts";

/** The service's server as it is composed, with nothing behind its handlers; it never listens. */
async function anApp(): Promise<FastifyInstance> {
  const { app } = await composeHttp({
    authority: { fleetId: "f" },
    tls: {},
    changes: createChanges(() => undefined),
    limits: { ...defaultAppLimits, workspaceBytes: 1, uploadSilenceMs: 1 },
    log: fastify().log,
  } as unknown as HttpNeeds);
  return app;
}

const rows = Object.entries<Route>(routes);

describe("the route table", () => {
  it("lets the certificate-less do nothing but join", () => {
    const open = rows.filter(([, row]) => row.access === "anyone").map(([name]) => name);
    assert.deepEqual(open, ["join"]);
  });

  it("lets viewers change nothing but their own certificate", () => {
    const changing = rows.filter(([, row]) => row.method !== "GET" && row.access !== "anyone");
    assert.deepEqual(
      changing.filter(([, row]) => admits(row.access, "viewer")).map(([name]) => name),
      ["renew"],
    );
  });

  it("lets agents do nothing but what is their own", () => {
    const theirs = rows.filter(([, row]) => row.access !== "anyone" && admits(row.access, "agent"));
    assert.deepEqual(
      theirs.map(([name]) => name),
      ["renew", "getAgentHost", "getCaBundle"],
    );
  });

  it("is all that the service has, beside the two WebSockets", async () => {
    const app = await anApp();
    const served = [...app.printRoutes({ commonPrefix: false }).matchAll(/(\/\S*) \(([A-Z, ]+)\)/g)];
    assert.ok(served.length > 0);
    const table = rows.map(([, row]) => `${row.method} ${row.path.replace(/\{(\w+)\}/g, ":$1")}`);
    for (const key of table) {
      const [method = "", url = ""] = key.split(" ");
      assert.ok(app.hasRoute({ method, url }), key);
    }
    const count = served.reduce((sum, [, , methods = ""]) => sum + methods.split(",").length, 0);
    assert.equal(count, table.length + 2, app.printRoutes({ commonPrefix: false }));
    for (const url of [streamPath, agentPath]) assert.ok(app.hasRoute({ method: "GET", url }));
    await app.close();
  });

  it("is the only way in: a route that does not say whom it admits cannot be served", async () => {
    const app = await anApp();
    assert.throws(() => app.get("/v1/open", () => "all"), /does not say whom it admits/);
    assert.throws(() => app.get("/v1/open", { config: {} }, () => "all"), /does not say whom it admits/);
    await app.close();
  });

  it("has no two rows for one request", () => {
    const keys = rows.map(([, row]) => `${row.method} ${row.path.replace(/\{\w+\}/g, "{}")}`);
    assert.equal(new Set(keys).size, keys.length);
  });

  it("is in the OpenAPI document, row by row", () => {
    const { paths } = openApiDocument() as { paths: Record<string, Record<string, unknown>> };
    for (const [name, row] of rows) assert.ok(paths[row.path]?.[row.method.toLowerCase()], name);
    const operations = Object.values(paths).flatMap((path) => Object.keys(path));
    assert.equal(operations.length, rows.length);
  });
});

describe("problem codes", () => {
  it("are the ones docs/errors.md lists, both ways", () => {
    const documented = [...readFileSync("docs/errors.md", "utf8").matchAll(/^\| `([a-z-]+)` \|/gm)].map(
      ([, c]) => c,
    );
    assert.deepEqual(documented.sort(), Object.keys(problemCatalog).sort());
  });

  it("are kebab-case and say what to do next", () => {
    for (const [code, kind] of Object.entries(problemCatalog)) {
      assert.match(code, /^[a-z]+(-[a-z]+)*$/);
      assert.ok(kind.next.length > 10, code);
    }
  });
});

describe("the version", () => {
  it("is the one package.json has", () => {
    const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
    assert.equal(programVersion, version);
  });
});
