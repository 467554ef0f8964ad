import { textDigest } from './text-digest.js'

/** The text of a function, and the stack of the call that passed it to an operation. */
export interface CallSite {
  readonly text: string
  readonly stack: string
}

/** Returns the name under which a function's text appears in stack traces. */
export const scriptName = (text: string): string => `millrace-fn-${textDigest(text)}.js`

const LIMIT = 1_000
/** The number of frames to capture: several frames of Millrace lie between the user's call and this one. */
const FRAMES = 16
const byText = new Map<string, { readonly stack?: string }>()

/** Records where the user passed a function to an operation, for the stacks of its errors. Defers the formatting. */
export function noteCallSite(text: string): void {
  if (byText.has(text) || byText.size >= LIMIT) return
  byText.set(text, stackHere(noteCallSite))
}

/** Returns the stack of the caller of `below`, formatted when it is read. */
export function stackHere(below: (...args: never[]) => unknown): { readonly stack?: string } {
  const { stackTraceLimit } = Error
  const site: { stack?: string } = {}
  try {
    Error.stackTraceLimit = FRAMES
    Error.captureStackTrace(site, below)
  } catch {
    // If the intrinsics are frozen, the stack keeps its default number of frames.
  } finally {
    restore(stackTraceLimit)
  }
  return site
}

function restore(limit: number): void {
  try {
    Error.stackTraceLimit = limit
  } catch {
    // The intrinsics are frozen, as above.
  }
}

/** Returns the call site of the function with this script name. For errors: searches all call sites. */
export function callSiteOf(script: string): CallSite | undefined {
  for (const [text, { stack }] of byText) if (scriptName(text) === script) return { text, stack: stack ?? '' }
  return undefined
}
