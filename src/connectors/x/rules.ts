import { SourceError } from '../../errors.js'
import type { XRule } from './options.js'
import type { XApi } from './request.js'

interface Answer {
  readonly data?: readonly (XRule & { readonly id: string })[]
  readonly errors?: readonly { readonly title?: string; readonly value?: string; readonly detail?: string }[]
}

const keyOf = ({ value, tag = '' }: XRule) => JSON.stringify([value, tag])

/**
 * Changes the stream's rules to the wanted ones. First validates new rules in a dry run, so a rule that X refuses
 * changes nothing. Deletes old rules before it adds new ones, because two rules cannot have the same value.
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

/** Throws if X refused a rule. A duplicate is no error: it is about to be deleted, or another process has added it. */
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
