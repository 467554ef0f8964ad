import { LONGEST_TIMER } from './stop-deadline.js'

/**
 * Resolves with true if `end` resolves within `ms` of real time, otherwise with false. Rejects if `end` rejects in
 * time.
 */
export async function settlesWithin(end: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), Math.min(ms, LONGEST_TIMER))
  })
  try {
    return await Promise.race([end.then(() => true), late])
  } finally {
    clearTimeout(timer)
  }
}
