import { OptionCheck } from '../options.js'

/** A rule of the filtered stream. X sends posts that match the query `value`, with the rule's `tag`. */
export interface XRule {
  readonly value: string
  readonly tag?: string
}

/** Fields of each kind of object in a post, by X's names. Default: id and text. */
export interface XFields {
  readonly tweet?: readonly string[]
  readonly user?: readonly string[]
  readonly media?: readonly string[]
  readonly place?: readonly string[]
  readonly poll?: readonly string[]
}

export interface XFilteredOptions {
  /** The app-only access token. */
  readonly bearerToken: string
  /**
   * The rules of the stream. The source adds missing rules and deletes all others. Default: the rules stay unchanged.
   */
  readonly rules?: readonly XRule[]
  readonly fields?: XFields
  /** Objects that X adds to posts (none), such as `'author_id'`. */
  readonly expansions?: readonly string[]
  /**
   * Minutes, 1 to 5, of posts that X repeats after each connect (none). Covers gaps up to this length. Needs a higher
   * access tier.
   */
  readonly backfillMinutes?: number
  /** The number of stored post ids, by which repeated posts are dropped (100,000). */
  readonly remember?: number
  /** URL of the service (`'https://api.x.com'`). Set another one for tests and proxies. */
  readonly url?: string
}

export interface CheckedXOptions {
  readonly bearerToken: string
  readonly rules: readonly XRule[] | undefined
  readonly query: URLSearchParams
  readonly backfillMs: number
  readonly remember: number
  readonly url: URL
}

const NAMES = ['bearerToken', 'rules', 'fields', 'expansions', 'backfillMinutes', 'remember', 'url']
const KINDS = ['tweet', 'user', 'media', 'place', 'poll'] as const
const LOCAL = ['127.0.0.1', '[::1]', 'localhost']
const check = new OptionCheck('x')

/** Checks the options. No message contains the token. @throws ArgumentError that names the option. */
export function checkXOptions(options: XFilteredOptions): CheckedXOptions {
  check.names(options, NAMES)
  const { bearerToken, rules, fields = {}, expansions = [], backfillMinutes } = options
  if (typeof bearerToken !== 'string' || !/^[\x21-\x7e]+$/.test(bearerToken))
    throw check.wrong('bearerToken', typeof bearerToken === 'string' ? undefined : bearerToken, 'the token of an app')
  const query = new URLSearchParams()
  check.names(fields, KINDS, 'fields')
  for (const kind of KINDS) {
    const names = check.texts(`fields.${kind}`, fields[kind] ?? [], "a list of names such as ['entities']")
    if (names.length > 0) query.set(`${kind}.fields`, names.join())
  }
  if (check.texts('expansions', expansions, "a list of names such as ['author_id']").length > 0)
    query.set('expansions', expansions.join())
  if (backfillMinutes !== undefined)
    query.set('backfill_minutes', String(check.integer('backfillMinutes', backfillMinutes, 1, 5)))
  return {
    bearerToken,
    rules: rules === undefined ? undefined : checkRules(rules),
    query,
    backfillMs: (backfillMinutes ?? 0) * 60_000,
    remember: check.integer('remember', options.remember ?? 100_000, 0, 10_000_000),
    url: checkUrl(options.url ?? 'https://api.x.com'),
  }
}

function checkRules(rules: readonly XRule[]): readonly XRule[] {
  const isRule = ({ value, tag }: XRule) =>
    typeof value === 'string' && value !== '' && (tag === undefined || typeof tag === 'string')
  const isValid = Array.isArray(rules) && rules.length > 0 && rules.every((rule) => isRule(rule ?? {}))
  if (isValid && new Set(rules.map(({ value }) => value)).size === rules.length) return rules
  throw check.wrong('rules', rules, "a list of different rules such as [{ value: '#node', tag: 'node' }]")
}

/** Requires https for other hosts: the token must not cross a network unencrypted. */
function checkUrl(given: string): URL {
  const url = URL.canParse(String(given)) ? new URL(given) : undefined
  const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && LOCAL.includes(url.hostname))
  if (url && isSafe) return url
  throw check.wrong('url', given, "an https URL such as 'https://api.x.com', or an http URL of this machine")
}
