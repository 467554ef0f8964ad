import { textDigest } from './text-digest.js'

/** Text of a function and the stack of the call that gave it to an operation. */
export interface CallSite {
  readonly text: string
  readonly stack: string
}

/** The name of a function's text in stack traces. */
export const scriptName = (text: string): string => `millrace-fn-${textDigest(text)}.js`

const LIMIT = 1_000
/** Frames of Millrace lie between the user's call and this one. */
const FRAMES = 16
const byText = new Map<string, { readonly stack?: string }>()

/** Remembers where the user gave a function to an operation, for the stacks of its errors. Formats nothing. */
export function noteCallSite(text: string): void {
  if (byText.has(text) || byText.size >= LIMIT) return
  byText.set(text, stackHere(noteCallSite))
}

/** The stack of the caller of `below`, formatted when it is read. */
export function stackHere(below: (...args: never[]) => unknown): { readonly stack?: string } {
  const { stackTraceLimit } = Error
  const site: { stack?: string } = {}
  try {
    Error.stackTraceLimit = FRAMES
    Error.captureStackTrace(site, below)
  } catch {
    // The intrinsics are frozen: the stack has as many frames as it may.
  } finally {
    restore(stackTraceLimit)
  }
  return site
}

function restore(limit: number): void {
  try {
    Error.stackTraceLimit = limit
  } catch {
    // As above.
  }
}

/** The call site of the function whose text has this name in stack traces. For errors: looks through all. */
export function callSiteOf(script: string): CallSite | undefined {
  for (const [text, { stack }] of byText) if (scriptName(text) === script) return { text, stack: stack ?? '' }
  return undefined
}
