import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { callSiteOf } from '../ops/functions/call-sites.js'
import { PACKAGE_ROOT } from '../package-root.js'

/** The package's code, also as source maps name it. */
const OWN = [PACKAGE_ROOT, new URL('../src/', PACKAGE_ROOT)].flatMap((root) => [root.href, fileURLToPath(root)])
const SHIPPED = /(?:eval \()?(millrace-fn-[0-9a-f]{12}\.js):(\d+):(\d+)\)?/
/** The lines that `new Function` and compileText put before a function's text. */
const LINES_BEFORE = 3
const FRAMES = 5

/** The frames of a stack that are the user's code; functions that travelled as text stand in the file they came from. */
export function userFrames(stack: unknown): string[] {
  if (typeof stack !== 'string') return []
  return stack
    .split('\n')
    .filter((line) => /^\s+at /.test(line) && !isInternal(line))
    .slice(0, FRAMES)
    .map((line) => line.replace(SHIPPED, placeOf))
}

/** Puts the user's frames of the cause first: a log that shows no causes shows the line of the user's code all the same. */
export function showUserFrames<E extends Error>(error: E, cause: unknown): E {
  const frames = userFrames(cause instanceof Error ? cause.stack : undefined)
  const own = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line))
  if (frames.length > 0) error.stack = [`${error.name}: ${error.message}`, ...frames, ...own].join('\n')
  return error
}

function isInternal(line: string): boolean {
  return line.includes('node:') || /\bguarded \(|<anonymous>\)$/.test(line) || OWN.some((root) => line.includes(root))
}

function placeOf(frame: string, script: string, line: string, column: string): string {
  const site = callSiteOf(script)
  const call = site?.stack.split('\n').find((each) => /^\s+at /.test(each) && !isInternal(each))
  const at = call && /(?:\(|at )((?:file:\/\/)?[^()]+?):(\d+):\d+\)?$/.exec(call)
  if (!site || !at) return frame
  const [, file, callLine] = at
  const path = file!.startsWith('file:') ? fileURLToPath(file!) : file!
  const before = textBefore(path, site.text)
  // Compiled by a loader, the text is not in its file: the operation's call is.
  if (before === undefined) return `(${path}:${callLine}, the call that got the function)`
  const lines = before.split('\n')
  const down = Number(line) - LINES_BEFORE - 1
  return `(${path}:${lines.length + down}:${down === 0 ? Number(column) + lines.at(-1)!.length : column})`
}

/** What stands before the text in a file; undefined where it is not there. */
function textBefore(path: string, text: string): string | undefined {
  try {
    const source = readFileSync(path, 'utf8')
    const at = source.indexOf(text)
    return at < 0 ? undefined : source.slice(0, at)
  } catch {
    // No file, such as a program given on the command line.
    return undefined
  }
}
