import { buffer } from "node:stream/consumers";
import { pack } from "tar-stream";

/** A workspace with just `main.sh`, as a tar in base64. */
export async function shellTar(script: string): Promise<string> {
  const tar = pack();
  tar.entry({ name: "main.sh", mode: 0o644 }, script);
  tar.finalize();
  return (await buffer(tar)).toString("base64");
}
