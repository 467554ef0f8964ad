import { inspect } from 'node:util'

/** The text of whatever was thrown, also where it has none: a connection tried on several addresses fails with an empty one. */
export function messageOf(error: unknown): string {
  if (typeof error === 'string') return error
  if (!(error instanceof Error)) return inspect(error, { depth: 1 })
  if (error.message !== '') return error.message
  if (error instanceof AggregateError) return error.errors.map(messageOf).join('; ')
  return (error as NodeJS.ErrnoException).code ?? error.name
}
