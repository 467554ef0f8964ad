import { inspect } from 'node:util'

/**
 * Returns the text of a thrown value, even if its message is empty: a connection that tried several addresses fails
 * with an empty message.
 */
export function messageOf(error: unknown): string {
  if (typeof error === 'string') return error
  if (!(error instanceof Error)) return inspect(error, { depth: 1 })
  if (error.message !== '') return error.message
  if (error instanceof AggregateError) return error.errors.map(messageOf).join('; ')
  return (error as NodeJS.ErrnoException).code ?? error.name
}
