import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { writePrivateFile } from "../../../protocol/client/writePrivateFile.ts";
import type { Register } from "../runCli.ts";

/** `hwledger export FOLDER` */
export const exportCommand: Register = (program, context, run) => {
  program
    .command("export")
    .description("write your membership as PEM files, for curl and other programs")
    .argument("<folder>", "where ca.pem, cert.pem and key.pem go; made when missing")
    .action(
      run(async (folder: string) => {
        const { caPem, certificatePem, keyPem, url } = context.identity();
        mkdirSync(folder, { recursive: true, mode: 0o700 });
        const parts = { "ca.pem": caPem, "cert.pem": certificatePem, "key.pem": keyPem };
        for (const [name, pem] of Object.entries(parts)) writePrivateFile(join(folder, name), pem);
        const files = Object.keys(parts).map((name) => join(folder, name));
        const [ca = "", cert = "", key = ""] = files.map((file) => `'${file.replaceAll("'", "'\\''")}'`);
        await context.show(
          { url, files },
          `Written. Who has key.pem is you: keep it private.\n\n  curl --cacert ${ca} --cert ${cert} --key ${key} ${url}/v1/status`,
        );
        return undefined;
      }),
    );
};
