import { unguarded } from '../ops/functions/guard.js'
import type { AnyFunction, FnRef } from '../ops/functions/ref.js'
import type { Plan, Program } from '../ops/plan.js'

/** What others notice when a function does it once more: prints, sends, starts something. */
const OUTSIDE =
  /\b(?:console|fetch|require|WebSocket|EventSource|BroadcastChannel|set(?:Timeout|Interval|Immediate)|queueMicrotask)\b|\bprocess\s*\.\s*(?:std|send|emit|kill)|\bimport\s*\(/

/** Whether no function of it takes records only to do something with them, such as to write them, and none awaits calls. */
export function isRepeatable({ plan, sink }: Program): boolean {
  return sink.op !== 'apply' && sink.op !== 'foreach' && !awaits(plan)
}

function awaits(part: Plan | unknown): boolean {
  if (typeof part !== 'object' || part === null) return false
  return (part as { op?: unknown }).op === 'mapAsync' || Object.values(part).some(awaits)
}

/**
 * Whether no function of it, by its own text, prints, sends or starts anything. What functions of other modules do that it
 * calls is not seen.
 */
export function staysInside(part: unknown, resolve: (ref: FnRef) => AnyFunction): boolean {
  if (typeof part !== 'object' || part === null) return true
  const ref = part as FnRef
  if (ref.k === 'table' || ref.k === 'export') return !OUTSIDE.test(String(unguarded(resolve(ref))))
  if (ref.k === 'source' && OUTSIDE.test(ref.text)) return false
  if (ref.k === 'global' && OUTSIDE.test(ref.path)) return false
  if (ref.k === 'builtin' && ref.name === 'pipeThrough') return false
  // What users give as a value is theirs, whatever it looks like.
  return Object.entries(part).every(([name, value]) => name === 'value' || staysInside(value, resolve))
}
