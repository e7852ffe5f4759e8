import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { listSshNames } from "../../service/ssh/listSshNames.ts";

describe("the names of an ssh_config", () => {
  let home = "";
  before(async () => {
    home = await mkdtemp(join(tmpdir(), "hwledger-names-"));
    await mkdir(join(home, ".ssh", "conf.d"), { recursive: true });
  });
  after(() => rm(home, { recursive: true, force: true }));

  async function names(text: string) {
    const file = join(home, ".ssh", "config");
    await writeFile(file, text);
    return listSshNames(file, home).map(({ name, hostName, user }) => [name, hostName, user]);
  }

  it("are those without patterns, with the address of their section as a hint", async () => {
    const text = `Host *\n  User nobody\nHost box rig !no *.lab\n\tHostName=192.0.2.7\r\n  User "ada"\nHost "b 2"\nHost -evil\nHost last\n`;
    assert.deepEqual(await names(text), [
      ["box", "192.0.2.7", "ada"],
      ["rig", "192.0.2.7", "ada"],
      ["last", null, null],
    ]);
  });

  it("come from included files too, with globs, relative ones below ~/.ssh, and without going round in circles", async () => {
    await writeFile(join(home, ".ssh", "conf.d", "b.conf"), "Host beta\n  Include ~/.ssh/config\n");
    await writeFile(join(home, ".ssh", "conf.d", "a.conf"), "Host alpha\n");
    assert.deepEqual(
      (await names("Include conf.d/*.conf missing\nHost own\n")).map(([name]) => name),
      ["alpha", "beta", "own"],
    );
  });

  it("run no command of a Match", async () => {
    const mark = join(home, "ran");
    assert.deepEqual(await names(`Match exec "touch ${mark}"\n  HostName x\nHost one\n`), [
      ["one", null, null],
    ]);
    assert.equal(existsSync(mark), false);
  });

  it("are none where there is no file or no sense in it", async () => {
    assert.deepEqual(listSshNames(join(home, "nowhere"), home), []);
    assert.deepEqual(listSshNames(join(home, ".ssh"), home), []);
    assert.deepEqual(await names('Host "unclosed\n'), []);
  });
});
