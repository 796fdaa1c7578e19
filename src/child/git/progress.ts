/** What a line of git's progress says. */
export interface GitProgress {
  /** Such as `Receiving objects`. */
  readonly phase: string;
  /** 0 to 100. */
  readonly percent: number;
  /** Received so far. */
  readonly bytes?: number;
}

/** Also the server's, which git marks `remote:`; any other words of a server are none. */
const line =
  /^(?:remote: )?(Counting objects|Compressing objects|Receiving objects|Unpacking objects|Resolving deltas|Updating files|Filtering content|Downloading LFS objects): +(\d{1,3})% \(\d+\/\d+\)(?:, ([\d.]+) (bytes|KiB|MiB|GiB))?/;

const units: Readonly<Record<string, number>> = {
  bytes: 1,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
};

/** Parses a line of git's standard error; undefined when it is no progress. */
export function parseGitProgress(text: string): GitProgress | undefined {
  const [, phase, percent, amount, unit = 'bytes'] = line.exec(text) ?? [];
  if (phase === undefined) return undefined;
  return {
    phase,
    percent: Math.min(100, Number(percent)),
    ...(amount === undefined ? {} : { bytes: Math.round(Number(amount) * (units[unit] ?? 1)) }),
  };
}

/** Whether a line only tells how far git is, so that it explains no failure. */
export function isChatter(text: string): boolean {
  return (
    text === '' ||
    /^(remote: )?[A-Z][a-z]+ [a-z]+: +\d+/.test(text) ||
    /^remote: (Enumerating|Total) /.test(text) ||
    text.startsWith('Cloning into ')
  );
}
