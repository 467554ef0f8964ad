import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { callSiteOf } from '../../ops/functions/call-sites.js'
import { PACKAGE_ROOT } from '../../package-root.js'

/** The package's own files, including their names in source maps. */
const OWN = [PACKAGE_ROOT, new URL('../src/', PACKAGE_ROOT)].flatMap((root) => [root.href, fileURLToPath(root)])
const SHIPPED = /(?:eval \()?(millrace-fn-[0-9a-f]{12}\.js):(\d+):(\d+)\)?/
/** The folder of the package on executors of Spark. */
const SHIPPED_PACKAGE = /\bmillrace-library\//
/** The number of lines that `new Function` and compileText put before a function's text. */
const LINES_BEFORE = 3
const FRAMES = 5

/**
 * Returns the frames of user code. Frames of a function that was shipped as source show the file and line of its
 * definition.
 */
export function userFrames(stack: unknown): string[] {
  if (typeof stack !== 'string') return []
  return stack
    .split('\n')
    .filter((line) => /^\s+at /.test(line) && !isInternal(line))
    .slice(0, FRAMES)
    .map((line) => line.replace(SHIPPED, placeOf))
}

/**
 * Puts the user frames of the cause first in the error's stack, so that logs without causes show the line of user code.
 */
export function showUserFrames<E extends Error>(error: E, cause: unknown): E {
  const frames = userFrames(cause instanceof Error ? cause.stack : undefined)
  const own = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line))
  if (frames.length > 0) error.stack = [`${error.name}: ${error.message}`, ...frames, ...own].join('\n')
  return error
}

function isInternal(line: string): boolean {
  return line.includes('node:') || /\bguarded \(|<anonymous>\)$/.test(line) || isPackages(line)
}

/** Whether a line of a stack is in the package's own code. */
export function isPackages(line: string): boolean {
  return SHIPPED_PACKAGE.test(line) || OWN.some((root) => line.includes(root))
}

function placeOf(frame: string, script: string, line: string, column: string): string {
  const site = callSiteOf(script)
  const call = site?.stack.split('\n').find((each) => /^\s+at /.test(each) && !isInternal(each))
  const at = call && /(?:\(|at )((?:file:\/\/)?[^()]+?):(\d+):\d+\)?$/.exec(call)
  if (!site || !at) return frame
  const [, file, callLine] = at
  const path = file!.startsWith('file:') ? fileURLToPath(file!) : file!
  const before = textBefore(path, site.text)
  // A loader compiled the file, so it does not contain the function's text. Point to the call of the operation instead.
  if (before === undefined) return `(${path}:${callLine}, the call with this function)`
  const lines = before.split('\n')
  const down = Number(line) - LINES_BEFORE - 1
  return `(${path}:${lines.length + down}:${down === 0 ? Number(column) + lines.at(-1)!.length : column})`
}

/** Returns the part of a file before the text; undefined if the file does not contain it. */
function textBefore(path: string, text: string): string | undefined {
  try {
    const source = readFileSync(path, 'utf8')
    const at = source.indexOf(text)
    return at < 0 ? undefined : source.slice(0, at)
  } catch {
    // There is no file, for example for a program on the command line.
    return undefined
  }
}
