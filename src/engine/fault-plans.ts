import { ArgumentError } from '../errors.js'
import { FAULT_POINTS } from '../pool/fault-points.js'
import type { FaultPlan } from '../pool/protocol.js'
import { describe } from '../values/describe.js'

const EXAMPLE = "{ point: 'task:start', nth: 1, passes: new SharedArrayBuffer(4) }"

/** Checks the option `faults`, which is sent to every thread. Throws ArgumentError. */
export function checkFaults(given: readonly FaultPlan[] | undefined): readonly FaultPlan[] | undefined {
  if (given === undefined) return undefined
  if (!Array.isArray(given)) throw refused('faults', given, `a list of plans such as ${EXAMPLE}`)
  for (const [i, plan] of given.entries()) checkPlan(plan, `faults[${i}]`)
  return given
}

function checkPlan(plan: unknown, name: string): void {
  if (typeof plan !== 'object' || plan === null) throw refused(name, plan, `a plan such as ${EXAMPLE}`)
  const { point, nth, passes, signal } = plan as Partial<FaultPlan>
  if (!FAULT_POINTS.includes(point!)) throw refused(`${name}.point`, point, `one of ${FAULT_POINTS.join(', ')}`)
  if (!Number.isInteger(nth) || nth! < 1) throw refused(`${name}.nth`, nth, 'a whole number of at least 1')
  if (!(passes instanceof SharedArrayBuffer) || passes.byteLength < 4) {
    throw refused(`${name}.passes`, passes, 'a SharedArrayBuffer of at least 4 bytes')
  }
  if (signal !== undefined && signal !== 'SIGKILL' && signal !== 'SIGSTOP') {
    throw refused(`${name}.signal`, signal, "'SIGKILL' or 'SIGSTOP'")
  }
}

function refused(name: string, given: unknown, allowed: string): ArgumentError {
  return new ArgumentError(`${name} is ${describe(given)}; it must be ${allowed}.`, { option: name })
}
