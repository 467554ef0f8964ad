import { isPackages } from '../engine/user-code/user-stack.js'
import { printableLines } from './printable.js'

const MAX_FRAMES = 6

/** Labels and formats of details that need formatting. */
const DETAILS: Readonly<Record<string, (value: unknown) => [label: string, text: string]>> = {
  batchTime: (value) => ['batch', `${value} (${new Date(value as number).toISOString()})`],
}

/**
 * Formats an error for a reader: message, code and details, then each cause, then stack frames of the innermost one. Control
 * characters are escaped, because messages quote records.
 */
export function describeError(error: unknown): string {
  const chain: unknown[] = []
  for (
    let at: unknown = error;
    at !== undefined && !chain.includes(at);
    at = at instanceof Error ? at.cause : undefined
  ) {
    chain.push(at)
  }
  const lines = chain.flatMap((each, depth) => {
    const heading = depth === 0 ? `millrace: ${message(each, depth)}` : `  caused by ${message(each, depth)}`
    return [heading, ...facts(each).map((fact) => `  ${'  '.repeat(Math.min(depth, 1))}${fact}`)]
  })
  return printableLines([...lines, ...frames(chain.at(-1), chain.length > 1 ? '    ' : '  ')].join('\n'))
}

function message(error: unknown, depth: number): string {
  if (!(error instanceof Error)) return `${depth === 0 ? 'thrown value: ' : ''}${String(error)}`
  // Only programs need the names of the library's own errors; the first line says what a person needs.
  const name = depth === 0 && 'details' in error ? '' : `${error.name}: `
  const inner = error instanceof AggregateError ? error.errors.map((each) => message(each, 1)).join('; ') : ''
  return `${name}${error.message || inner || '(no message)'}`
}

function facts(error: unknown): string[] {
  if (typeof error !== 'object' || error === null) return []
  const { code, details } = error as { code?: unknown; details?: Readonly<Record<string, unknown>> }
  const found: [string, string][] = code === undefined ? [] : [['code', String(code)]]
  for (const [key, value] of Object.entries(details ?? {})) {
    if (value === undefined || value === null || typeof value === 'object') continue
    found.push(DETAILS[key]?.(value) ?? [key, String(value)])
  }
  const width = Math.max(...found.map(([label]) => label.length))
  return found.map(([label, text]) => `${label.padEnd(width)}  ${text}`)
}

/** Returns stack frames, without the library's own if there are others. Errors of the library have none. */
function frames(error: unknown, indent: string): string[] {
  if (!(error instanceof Error) || !error.stack || 'details' in error) return []
  const all = error.stack.split('\n').filter((line) => /^\s*at /.test(line))
  const foreign = all.filter((line) => !isPackages(line))
  return (foreign.length > 0 ? foreign : all).slice(0, MAX_FRAMES).map((line) => indent + line.trim())
}
