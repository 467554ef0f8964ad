import { FAULTS, type Fault } from './tripwire.js'

/** Kills of threads from outside, and faults inside of a task's first attempt. */
export const MODES = ['one', 'two', 'all', 'boot', ...FAULTS] as const
export type Mode = (typeof MODES)[number]

export function isFault(mode: Mode): mode is Fault {
  return (FAULTS as readonly string[]).includes(mode)
}
