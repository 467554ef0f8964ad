import { vi } from 'vitest'

/** Resolves when the check no longer throws. It is asked each millisecond; the limit is a guard against a hang. */
export function eventually<T>(check: () => T | Promise<T>): Promise<T> {
  return vi.waitFor(check, { interval: 1, timeout: 500_000 })
}
