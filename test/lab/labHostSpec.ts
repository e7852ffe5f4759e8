/** The shells a login of a lab host can have. */
export type LabLoginShell = "bash" | "dash" | "fish" | "ash";

/** What one host of the lab is made of. Only the name is needed; the rest has plain defaults. */
export interface LabHostSpec {
  /** Name of the host: its hostname, and its folder below the lab's. Lower case, digits, `-`. */
  name: string;
  /** One line for people. */
  about?: string;
  /** Unix user to log in as; exists only inside this host. Default `ada`. */
  user?: string;
  /** Default `bash`. */
  loginShell?: LabLoginShell;
  /** Text of the file that the login shell reads at every command (`.bashrc`, `config.fish`). */
  rcText?: string;
  /** What `/bin/sh` and the small tools are: Debian's, or BusyBox alone. Default `debian`. */
  userland?: "debian" | "busybox";
  /** Folder in test/fixtures/lab whose figures `nvidia-smi` prints; without it the host has no such tool. */
  gpus?: string;
  /** Lets the figures drift with the clock, for people. Tests leave it out and get the file's exact figures. */
  varyFigures?: boolean;
  /** Interpreters on the host. Default: python3 and node. */
  interpreters?: readonly ("python3" | "node")[];
  /** More lines of sshd_config, e.g. `MaxSessions 2`, `RekeyLimit 1M`. */
  sshdConfig?: readonly string[];
  /** Password of the login; without one only the key opens the door. */
  password?: string;
  /** Passphrase that the client's private key is encrypted with. */
  keyPassphrase?: string;
  /** Size of a file system of its own for the home directory, to play a full disk. */
  homeTmpfsBytes?: number;
}
