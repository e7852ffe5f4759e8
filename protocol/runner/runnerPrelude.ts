import type { JobId } from "../ids.ts";
import { shellQuote } from "../shellQuote.ts";

/** What every script of the runner needs: which job, and the mark that tells its words from noise. */
export interface RunnerContext {
  jobId: JobId;
  /** Letters and digits that occur in nothing else the host prints. */
  nonce: string;
}

/** The folder of a job, or of one to come, beside the others, and the mark that tells the runner's words from noise. */
export interface RunnerPlace {
  folder: string;
  nonce: string;
}

/**
 * One compound command, so that the shell has parsed all of it before it acts. It first prints the nonce and a line
 * end on stdout; what came before is rc noise, what follows is data. Its words go to stderr by `say`.
 * Variables begin with `h_`, so that none of the user's own is changed for the job. Then the shell ends, unless it is to
 * `stay` for more.
 */
export function runnerScript({ folder, nonce }: RunnerPlace, body: string, then?: "stay"): string {
  if (!/^[A-Za-z0-9]{8,64}$/.test(nonce)) throw new RangeError("a nonce is 8 to 64 letters and digits");
  return `{
h_nonce=${nonce}
h_jobs=$HOME/.hwledger/jobs
h_dir=$h_jobs/${shellQuote(folder)}
${functions}
trap : PIPE
printf '%s\\n' "$h_nonce"
${body}
${then === "stay" ? "" : "exit 0"}
}
`;
}

/** In a job's folder: the pipes that its supervisor and its followers use. */
export const pipes = "alive said limit grace";

/** In a job's folder: where its files are unpacked and it runs. */
export const workFolder = "work";

/** True after a `read` that ended for want of time: bash as sh heeds an exported TMOUT of the host's start-up files there. */
export const isTimeout = "[ $? -gt 128 ]";

/** Reads the boot's identity into h_boot, with builtins where it can. */
export const readBootId = `h_boot=
[ ! -r /proc/sys/kernel/random/boot_id ] || read -r h_boot </proc/sys/kernel/random/boot_id
[ -n "$h_boot" ] || h_boot=$(sysctl -n kern.bootsessionuuid 2>/dev/null)
h_boot=\${h_boot:-unknown}`;

// say: one control line in one write; the line end before it parts it from whatever a program left unfinished there.
// flat: a text on one line in h_flat, without a process.
const functions = `say() { printf '\\n%s %s\\n' "$h_nonce" "$*" >&2; }
flat() { set -f; set -- $1; h_flat="$*"; set +f; }`;
