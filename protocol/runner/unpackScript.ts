import { isTimeout, runnerScript, workFolder, type RunnerContext } from "./runnerPrelude.ts";

/**
 * Unpacks the tar archive that follows on stdin, up to its end, into the job's folder. Send the archive only after
 * the ready line: shells read their stdin in blocks. Reports `unpacked`, `unpack-failed` or `claimed`.
 * It starts nothing; whether everything arrived is known to the sender alone.
 */
export function unpackScript({ jobId, nonce }: RunnerContext): string {
  return runnerScript(
    { folder: jobId, nonce },
    `if [ -e "$h_dir/start" ]; then say claimed; exit 0; fi
h_text=$({ umask 077; mkdir -p "$h_dir/${workFolder}" && cd "$h_dir/${workFolder}" && ${untar}; } 2>&1)
h_code=$?
if [ "$h_code" = 0 ]; then say unpacked; exit 0; fi
rm -rf "$h_dir"
${unpackFailed}`,
  );
}

/**
 * Unpacks what comes on stdin. -o: the files belong to who runs the job, also for root. Some tars stop at the end mark: the
 * padding after it is read away, or its sender would find the pipe broken.
 */
export const untar = `tar -x -o -f - && while read -r h_rest || ${isTimeout}; do :; done; [ -n "\${h_rest+read}" ]`;

/** Reports why `untar` ended with h_code, which printed h_text. */
export const unpackFailed = `flat "$h_text"
say unpack-failed "$(printf '%.600s' "\${h_flat:-tar ended with $h_code}")"`;
