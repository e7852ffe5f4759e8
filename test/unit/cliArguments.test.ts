import assert from "node:assert/strict";
import { InvalidArgumentError } from "commander";
import { routes } from "../../protocol/routes.ts";
import { createInterrupts } from "../../service/cli/createInterrupts.ts";
import { homeDirectory } from "../../protocol/client/homeDirectory.ts";
import { countOption, durationOption, offsetOption } from "../../service/cli/options.ts";
import { parseAddress, parseRate } from "../../service/cli/parseAddress.ts";

describe("a host's address", () => {
  it("has an optional user and port", () => {
    assert.deepEqual(parseAddress("192.0.2.7"), { alias: "192.0.2.7" });
    assert.deepEqual(parseAddress("ada@box"), { alias: "box", user: "ada" });
    assert.deepEqual(parseAddress("ada@box:2222"), { alias: "box", user: "ada", port: 2222 });
  });

  it("takes IPv6 with brackets where a port follows", () => {
    assert.deepEqual(parseAddress("[::1]:22"), { alias: "::1", port: 22 });
    assert.deepEqual(parseAddress("ada@[fe80::1%eth0]"), { alias: "fe80::1%eth0", user: "ada" });
    assert.deepEqual(parseAddress("2001:db8::7"), { alias: "2001:db8::7" });
  });

  it("is refused where it means nothing", () => {
    for (const text of ["", "@box", "ada@", "box:", "box:0", "box:65536", "box:22:33x", "[::1]:"])
      assert.throws(() => parseAddress(text), InvalidArgumentError, text);
  });
});

describe("a login name", () => {
  it("is refused where a shell would read more than a name, at the command line and on the wire", () => {
    const accepts = (user: string): boolean =>
      routes.addHost.body.safeParse({ name: "box", user, alias: "h" }).success;
    for (const user of [
      "a;b",
      "a b",
      "$(id)",
      "`id`",
      "a|b",
      "a&b",
      "a>b",
      "-oProxyCommand=x",
      "a'b",
      "a\\",
    ]) {
      assert.throws(() => parseAddress(`${user}@h`), InvalidArgumentError, user);
      assert.ok(!accepts(user), user);
    }
    for (const user of ["ada", "ada.l-1_x", "CORP\\ada", "žofie", "a+b"]) {
      assert.equal(parseAddress(`${user}@h`).user, user);
      assert.ok(accepts(user), user);
    }
  });
});

describe("a rate", () => {
  it("becomes whole millionths of a dollar, without an error of floating point", () => {
    assert.equal(parseRate("1.29"), 1_290_000);
    assert.equal(parseRate("$0.1"), 100_000);
    assert.equal(parseRate("0.000001"), 1);
    assert.equal(parseRate("1234"), 1_234_000_000);
  });

  it("is refused where it is no amount", () => {
    for (const text of ["", "-1", "1e3", "1.2345678", "free", "0x10", "1,29"])
      assert.throws(() => parseRate(text), InvalidArgumentError, text);
  });
});

describe("options", () => {
  it("take counts, offsets and durations and nothing that looks like them", () => {
    assert.equal(countOption("20"), 20);
    assert.equal(offsetOption("0"), 0);
    assert.equal(durationOption("1h30m"), 5_400_000);
    for (const text of ["0", "-1", "ten", "1.5", "", "9999999"]) assert.throws(() => countOption(text), text);
    for (const text of ["-1", "1.5", "", "1e3", "99999999999999999"])
      assert.throws(() => offsetOption(text), text);
    for (const text of ["0", "soon", "-5m", ""]) assert.throws(() => durationOption(text), text);
  });
});

describe("the data folder", () => {
  const at = (env: Record<string, string>, platform: NodeJS.Platform = "linux") =>
    homeDirectory(env, platform, "/home/ada");

  it("is HWLEDGER_HOME, else by the XDG rules, else the platform's place", () => {
    assert.equal(at({ HWLEDGER_HOME: "/srv/fleet", XDG_DATA_HOME: "/xdg" }), "/srv/fleet");
    assert.equal(at({ XDG_DATA_HOME: "/xdg" }), "/xdg/hwledger");
    assert.equal(at({}), "/home/ada/.local/share/hwledger");
    assert.equal(at({}, "darwin"), "/home/ada/Library/Application Support/hwledger");
  });

  it("ignores a relative XDG_DATA_HOME, as the XDG rules demand", () => {
    assert.equal(at({ XDG_DATA_HOME: "data" }), "/home/ada/.local/share/hwledger");
  });
});

describe("interrupts", () => {
  function aProcess() {
    let nowMs = 10_000;
    let raise: (signal: "SIGINT" | "SIGTERM", exitCode: number) => void = () => assert.fail("not installed");
    const exits: number[] = [];
    const { onInterrupt, restMs } = createInterrupts({
      onSignal: (callback) => (raise = callback),
      exit: (code) => exits.push(code),
      now: () => nowMs,
    });
    return {
      onInterrupt,
      restMs,
      exits,
      raise: () => raise("SIGINT", 130),
      pass: (ms: number) => (nowMs += ms),
    };
  }

  it("take Ctrl-C and its copy from the launcher for one", () => {
    const { onInterrupt, restMs, exits, raise, pass } = aProcess();
    assert.equal(restMs(), 0);
    let heard = 0;
    const stop = onInterrupt(() => {
      heard += 1;
      stop();
    });
    raise();
    pass(20);
    raise();
    assert.deepEqual([heard, exits], [1, []]);
    assert.equal(restMs(), 480, "the process must not end before the copy has come");
    pass(480);
    assert.equal(restMs(), 0);
  });

  it("end the process at a second Ctrl-C that nobody listens for", () => {
    const { onInterrupt, exits, raise, pass } = aProcess();
    const stop = onInterrupt(() => stop());
    raise();
    pass(1_000);
    raise();
    assert.deepEqual(exits, [130]);
  });
});
