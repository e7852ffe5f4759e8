import assert from "node:assert/strict";
import { profilesSecret, secretProfiles } from "../../extension/vscode/secretProfiles.ts";
import { identity, profile } from "../support/handPlayedFleet.ts";
import { aSecretStore } from "../support/secretStore.ts";

describe("the memberships in the secret store", () => {
  it("lie there with their keys, under one name, and are read as they were", async () => {
    const secrets = aSecretStore();
    const profiles = [profile(identity("a"))];
    await secretProfiles(secrets).write(profiles);
    assert.deepEqual([...secrets.held.keys()], [profilesSecret]);
    assert.match(secrets.held.get(profilesSecret) ?? "", /keyPem/);
    assert.deepEqual(await secretProfiles(secrets).read(), profiles);
  });

  it("are gone from there when the last fleet was left", async () => {
    const secrets = aSecretStore();
    await secretProfiles(secrets).write([profile(identity("a"))]);
    await secretProfiles(secrets).write([]);
    assert.equal(secrets.held.size, 0);
    assert.deepEqual(await secretProfiles(secrets).read(), []);
  });

  it("are told as unreadable, and not as none, when they are damaged", async () => {
    for (const damaged of ["{", '[{"identity":1}]'])
      await assert.rejects(secretProfiles(aSecretStore({ [profilesSecret]: damaged })).read());
  });
});
