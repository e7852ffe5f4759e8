import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import { join } from "node:path";
import { listSshConfigHosts } from "../../service/ssh/listSshConfigHosts.ts";

describe("the hosts of an ssh_config", () => {
  let home = "";
  beforeEach(() => {
    home = mkdtempSync(join(os.tmpdir(), "hwl-config-"));
    mkdirSync(join(home, ".ssh/conf.d"), { recursive: true });
  });
  afterEach(() => {
    rmSync(home, { recursive: true, force: true });
  });
  const write = (name: string, text: string) => {
    writeFileSync(join(home, ".ssh", name), text);
  };
  const list = () => listSshConfigHosts(join(home, ".ssh/config"), home);

  it("are its names, without patterns, with those of included files", async () => {
    write(
      "config",
      'Include conf.d/*.conf\nHost=bastion "two words" *.lan !old gpu-?\n  User x\nhost\tlast bastion\n',
    );
    write("conf.d/a.conf", "Host from-a\n");
    write("conf.d/b.txt", "Host from-b\n");
    assert.deepEqual(await list(), ["from-a", "bastion", "two words", "last"]);
  });

  it("are found though a file includes itself", async () => {
    write("config", "Host one\nInclude config\n");
    assert.deepEqual(await list(), ["one"]);
  });

  it("are none when there is no file", async () => {
    assert.deepEqual(await list(), []);
  });

  it("are listed without running any command of Match exec", async () => {
    const mark = join(home, "ran");
    write("config", `Match exec "touch ${mark}"\n  User x\nHost one\n`);
    assert.deepEqual(await list(), ["one"]);
    assert.equal(existsSync(mark), false);
  });
});
