import { SourceError } from '../../errors.js'
import type { XRule } from './options.js'
import type { XApi } from './request.js'

interface Answer {
  readonly data?: readonly (XRule & { readonly id: string })[]
  readonly errors?: readonly { readonly title?: string; readonly value?: string; readonly detail?: string }[]
}

const keyOf = ({ value, tag = '' }: XRule) => JSON.stringify([value, tag])

/**
 * Makes the rules of the stream those that are wanted. New rules are checked by a dry run first: a rule that X does not accept
 * changes nothing. Old ones are deleted before new ones are added, as a value may be there once only.
 */
export async function syncRules(wanted: readonly XRule[], api: XApi, name: string, signal: AbortSignal): Promise<void> {
  const { data = [] } = (await api.rules('GET', undefined, signal)) as Answer
  const existing = new Set(data.map(keyOf))
  const kept = new Set(wanted.map(keyOf))
  const add = wanted.filter((rule) => !existing.has(keyOf(rule)))
  const ids = data.filter((rule) => !kept.has(keyOf(rule))).map(({ id }) => id)
  if (add.length > 0) checkAdded((await api.rules('POST', { add }, signal, true)) as Answer, name)
  if (ids.length > 0) await api.rules('POST', { delete: { ids } }, signal)
  if (add.length > 0) checkAdded((await api.rules('POST', { add }, signal)) as Answer, name)
}

/** A duplicate is a rule that is to be deleted, or that another process has added meanwhile. */
function checkAdded({ errors = [] }: Answer, name: string): void {
  const [first] = errors.filter(({ title }) => title !== 'DuplicateRule')
  if (!first) return
  const why = [first.title, first.detail].filter(Boolean).join(', ')
  throw new SourceError(
    `${name}: X refuses the rule ${JSON.stringify(first.value)}: ${why}. Correct the rule; none was changed.`,
    {
      details: { final: true, rule: first.value },
    },
  )
}
