import type { ErrorText } from './rows.js'

const MOST_MESSAGE = 2_000
const MOST_STACK = 8_000

export function errorText(error: unknown): ErrorText {
  if (!(error instanceof Error)) return { name: 'Error', message: cut(String(error), MOST_MESSAGE), stack: '' }
  const { code } = error as { code?: unknown }
  const text = { name: error.name, message: cut(error.message, MOST_MESSAGE), stack: cut(stacks(error), MOST_STACK) }
  return typeof code === 'string' ? { ...text, code } : text
}

/** The stack of an error and of its causes. */
function stacks(error: Error): string {
  const all: string[] = []
  const seen = new Set<unknown>()
  for (let at: unknown = error; at instanceof Error && !seen.has(at); at = at.cause) {
    seen.add(at)
    all.push(at.stack ?? `${at.name}: ${at.message}`)
  }
  return all.join('\ncaused by ')
}

function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most)}…`
}
