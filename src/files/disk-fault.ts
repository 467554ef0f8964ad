/** The reaction to an error of the operating system, by its code. */
const ADVICE: Readonly<Record<string, string>> = {
  ENOSPC: 'The disk is full: free space on it.',
  EDQUOT: 'The quota of the disk is used up: free space or raise the quota.',
  EACCES: 'This process may not access it: correct its owner or permissions.',
  EPERM: 'This process may not access it: correct its owner or permissions.',
  EROFS: 'The file system is read-only: mount it for writing or use another directory.',
  EMFILE: 'This process has too many open files: close some, or raise the limit (ulimit -n).',
  ENFILE: 'The system has too many open files: close some, or raise its limit.',
  EIO: 'The disk reports an error: check the disk, and use another directory.',
  ENOENT: 'It was removed: create it again or use another directory.',
}

export interface DiskFault {
  /** The code of the operating system, such as `ENOSPC`; undefined if no cause has one. */
  readonly code: string | undefined
  /** One sentence about how to correct it. */
  readonly advice: string
}

/** Finds the error of the operating system among the causes of an error. */
export function diskFault(error: unknown): DiskFault {
  const seen = new Set<unknown>()
  for (let at = error; at instanceof Error && !seen.has(at); at = at.cause) {
    seen.add(at)
    const { code } = at as NodeJS.ErrnoException
    if (typeof code === 'string' && Object.hasOwn(ADVICE, code)) return { code, advice: ADVICE[code]! }
  }
  return { code: undefined, advice: 'Use a directory that this process may read and write.' }
}
