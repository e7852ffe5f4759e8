import assert from "node:assert/strict";
import { Refusal } from "../../protocol/problem.ts";
import { parseProxyJump } from "../../service/ssh/parseProxyJump.ts";
import { resolveSsh } from "../../service/ssh/resolveSsh.ts";
import type { RunTool, ToolResult } from "../../service/ssh/runTool.ts";
import { parseSshSettings, type Machine, type SshRequest } from "../../service/ssh/sshSettings.ts";

const machine: Machine = {
  home: "/home/ada",
  userName: "ada",
  platform: "linux",
  env: { SSH_AUTH_SOCK: "/run/agent", OTHER: "/run/other" },
};
const request: SshRequest = { alias: "box", port: null, user: null, identityFile: null };
const settingsOf = (output: string, changes: Partial<SshRequest> = {}) =>
  parseSshSettings(output, { ...request, ...changes }, machine);

describe("the settings of an SSH host", () => {
  it("are read from what ssh -G prints", () => {
    const settings = settingsOf(
      [
        "host box",
        "user trainer",
        "hostname 10.0.0.5",
        "port 2222",
        "identitiesonly yes",
        "identityfile ~/.ssh/id with space",
        "identityfile %d/keys/%r@%h-%u-%%",
        "userknownhostsfile /home/ada/.ssh/known_hosts ~/.ssh/known_hosts2",
        "globalknownhostsfile none",
        "hostkeyalias fleet",
        "proxyjump bastion",
        "connecttimeout 7",
        "certificatefile ~/.ssh/cert.pub",
      ].join("\r\n"),
    );
    assert.deepEqual(settings, {
      alias: "box",
      hostname: "10.0.0.5",
      port: 2222,
      user: "trainer",
      identityFiles: ["/home/ada/.ssh/id with space", "/home/ada/keys/trainer@10.0.0.5-ada-%"],
      namedIdentityFile: null,
      identitiesOnly: true,
      identityAgent: "/run/agent",
      certificateFiles: ["/home/ada/.ssh/cert.pub"],
      proxyJump: "bastion",
      proxyCommand: null,
      hostKeyAlias: "fleet",
      userKnownHostsFiles: ["/home/ada/.ssh/known_hosts", "/home/ada/.ssh/known_hosts2"],
      globalKnownHostsFiles: [],
      connectTimeoutMs: 7_000,
    });
  });

  it("name no jump host, proxy or time limit where OpenSSH says none", () => {
    const settings = settingsOf(
      "proxyjump none\nproxycommand none\nconnecttimeout none\nidentityfile none\n",
    );
    assert.deepEqual(
      [settings.proxyJump, settings.proxyCommand, settings.connectTimeoutMs, settings.identityFiles],
      [null, null, null, []],
    );
  });

  it("find the agent where IdentityAgent says", () => {
    assert.equal(settingsOf("identityagent none").identityAgent, null);
    assert.equal(settingsOf("identityagent SSH_AUTH_SOCK").identityAgent, "/run/agent");
    assert.equal(settingsOf("identityagent $OTHER").identityAgent, "/run/other");
    assert.equal(
      settingsOf('identityagent "~/Group Containers/a.sock"').identityAgent,
      "/home/ada/Group Containers/a.sock",
    );
    const windows = parseSshSettings("", request, { ...machine, platform: "win32", env: {} });
    assert.equal(windows.identityAgent, "\\\\.\\pipe\\openssh-ssh-agent");
  });

  const answering = (result: ToolResult, calls: (readonly string[])[] = []): RunTool => {
    return (_file, args) => {
      calls.push(args);
      return Promise.resolve(result);
    };
  };

  it("are asked for with what the record says, the alias behind --", async () => {
    const calls: (readonly string[])[] = [];
    const runTool = answering({ kind: "ended", code: 0, stdout: "hostname box\n", stderr: "" }, calls);
    const record = { alias: "-oProxyCommand=x", port: 23, user: "u", identityFile: "~/k" };
    const settings = await resolveSsh(record, { runTool, machine, configFile: "/cfg" });
    assert.deepEqual(calls, [
      ["-G", "-F", "/cfg", "-p", "23", "-l", "u", "-i", "~/k", "--", "-oProxyCommand=x"],
    ]);
    assert.equal(settings.namedIdentityFile, "/home/ada/k");
  });

  it("fall back to the record and OpenSSH's defaults without OpenSSH", async () => {
    const settings = await resolveSsh(
      { ...request, user: "u" },
      { runTool: answering({ kind: "missing" }), machine },
    );
    assert.deepEqual(
      [settings.hostname, settings.port, settings.user, settings.identityFiles[0]],
      ["box", 22, "u", "/home/ada/.ssh/id_ed25519"],
    );
  });

  it("are refused with OpenSSH's reason", async () => {
    const stderr = "Pseudo-terminal will not be allocated\ncfg: line 2: Bad configuration option: x\n";
    const runTool = answering({ kind: "ended", code: 255, stdout: "", stderr });
    await assert.rejects(resolveSsh(request, { runTool, machine }), (error) => {
      assert.ok(error instanceof Refusal);
      assert.equal(error.code, "ssh-config-invalid");
      assert.equal(error.facts["reason"], "cfg: line 2: Bad configuration option: x");
      return true;
    });
    await assert.rejects(
      resolveSsh(request, { runTool: answering({ kind: "timed-out" }), machine }),
      Refusal,
    );
  });

  it("name jump hosts in every form, the last one apart", () => {
    const last = (value: string) => parseProxyJump(value).last;
    assert.deepEqual(last("bastion"), { alias: "bastion", user: null, port: null, identityFile: null });
    assert.deepEqual(last("a@b:22"), { alias: "b", user: "a", port: 22, identityFile: null });
    assert.deepEqual(last("ssh://a@[::1]:2222"), { alias: "::1", user: "a", port: 2222, identityFile: null });
    assert.deepEqual(parseProxyJump("one, two@x,three").before, "one,two@x");
  });
});
